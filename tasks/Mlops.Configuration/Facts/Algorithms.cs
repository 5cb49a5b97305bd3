namespace Mlops.Configuration.Facts;

/// <summary>SageMaker's built-in algorithms, by the names of their images' repositories ("Docker registry paths and example code").</summary>
public static class Algorithms
{
    public const string Xgboost = "xgboost";

    /// <summary>The one tag of the algorithms' images; XGBoost's are those of the framework.</summary>
    public const string Tag = "1";

    public static IReadOnlyList<string> Names { get; } =
    [
        "blazingtext", "factorization-machines", "forecasting-deepar", "image-classification", "ipinsights", "kmeans", "knn", "lda", "linear-learner",
        "ntm", "object-detection", "object2vec", "pca", "randomcutforest", "semantic-segmentation", "seq2seq", Xgboost,
    ];

    /// <summary>The registry of the algorithm's image: see <see cref="ImageRegistries"/>.</summary>
    public static string Registry(string name) => name switch
    {
        Xgboost => "scikit-learn",
        "lda" => "lda",
        "forecasting-deepar" => "forecasting",
        "blazingtext" or "image-classification" or "object-detection" or "semantic-segmentation" or "seq2seq" => "blazingtext",
        _ => "algorithms",
    };

    /// <summary>"Single instance only" in the developer guide's table "Parameters for built-in algorithms".</summary>
    public static bool TrainsOnOneInstance(string name) => name is "blazingtext" or "lda" or "object2vec" or "seq2seq" or "semantic-segmentation";
}
