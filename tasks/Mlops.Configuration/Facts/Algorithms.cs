namespace Mlops.Configuration.Facts;

/// <summary>SageMaker's built-in algorithms, by the names of their images' repositories ("Docker registry paths and example code").</summary>
public static class Algorithms
{
    public static IReadOnlyList<string> Names { get; } =
    [
        "blazingtext", "factorization-machines", "forecasting-deepar", "image-classification", "ipinsights", "kmeans", "knn", "lda", "linear-learner",
        "ntm", "object-detection", "object2vec", "pca", "randomcutforest", "semantic-segmentation", "seq2seq", "xgboost",
    ];

    /// <summary>"Single instance only" in the developer guide's table "Parameters for built-in algorithms".</summary>
    public static bool TrainsOnOneInstance(string name) => name is "blazingtext" or "lda" or "object2vec" or "seq2seq" or "semantic-segmentation";
}
