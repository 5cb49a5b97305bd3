using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Mlops.Platform.Local.Toolkits;

/// <summary>Algorithms whose image has the program: on this machine a script on the same package does.</summary>
internal static partial class BuiltInAlgorithms
{
    /// <summary>What a script of <see cref="Train"/> and <see cref="Serve"/> imports.</summary>
    public static IReadOnlyList<string> Packages { get; } = ["numpy", "xgboost"];

    /// <summary>The version of SageMaker's XGBoost that an image has, or null: it is another one.</summary>
    public static string? XgboostVersion(string image) =>
        Xgboost().Match(image) is { Success: true } match ? match.Groups["version"] is { Success: true } version ? version.Value : "1.0" : null;

    /// <summary>The version for a training whose image has the program and that gives no other one; null: it has one of its own.</summary>
    public static string? VersionOf(JsonObject job, IReadOnlyDictionary<string, string> hyperparameters) =>
        hyperparameters.ContainsKey("sagemaker_program") ? null : XgboostVersion(job["AlgorithmSpecification"]?["TrainingImage"]?.ToString() ?? "");

    /// <summary>Writes the program that trains into a folder, and gives its path.</summary>
    public static string Train(string folder) => ScriptMode.Write(folder, "xgboost_train.py");

    /// <summary>Writes the functions that serve into a folder, and gives the file's name.</summary>
    public static string Serve(string folder) => Path.GetFileName(ScriptMode.Write(folder, "xgboost_model.py"));

    // Ours: local/xgboost:1.7-1. SageMaker's: .../sagemaker-xgboost:1.7-1 with -cpu-py3 in some; the first ones were .../xgboost:1 and :latest.
    [GeneratedRegex(@"(?:^|/)(?:sagemaker-)?xgboost:(?:(?<version>\d+\.\d+)|1$|latest$)")]
    private static partial Regex Xgboost();
}
