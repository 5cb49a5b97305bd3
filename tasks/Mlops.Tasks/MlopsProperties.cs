using Mlops.Configuration.Diagnostics;

namespace Mlops.Tasks;

/// <summary>The properties of docs/msbuild.md. MSBuild takes any name: one that is misspelt would be left out of account without a word, and '-t:MlopsDestroy' would take all stages.</summary>
public static class MlopsProperties
{
    /// <summary>Targets that run before one of ours: MlopsXDependsOn.</summary>
    private const string Extension = "DependsOn";

    public static readonly IReadOnlyList<string> Known =
    [
        "MlopsBatchInput", "MlopsBatchOutput", "MlopsConfigFile", "MlopsDescription", "MlopsDestroyAll", "MlopsDestroyData", "MlopsDotnetPath", "MlopsFromStep", "MlopsHelpLink",
        "MlopsHostAssembly", "MlopsIgnoreCSharp", "MlopsModelFile", "MlopsModelVersion", "MlopsOnlySteps", "MlopsOutputPath", "MlopsParameters", "MlopsPlanFile", "MlopsPlatform",
        "MlopsProtected", "MlopsPublishArtifacts", "MlopsReason", "MlopsReport", "MlopsSarif", "MlopsSchemaFile", "MlopsSdkVersion", "MlopsSet", "MlopsSourceExecution",
        "MlopsStage", "MlopsStopOnCancel", "MlopsTasksAssembly", "MlopsTreatWarningsAsErrors",
    ];

    /// <summary>What is wrong with the properties that a command line gives; names are MSBuild's, whose case does not count.</summary>
    /// <param name="verb">Of mlops, which is about to be run.</param>
    public static IEnumerable<(string Code, string Message)> Problems(IEnumerable<KeyValuePair<string, string>> given, string verb)
    {
        foreach (var (name, value) in given.Where(g => g.Key.StartsWith("Mlops", StringComparison.OrdinalIgnoreCase)).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            if (!Known.Contains(name, StringComparer.OrdinalIgnoreCase) && !name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
                yield return ("MLOPS0023", $"There is no property '{name}', and nothing was done.{DidYouMean.Sentence(name, Known)} docs/msbuild.md lists all.");
            else if (verb == "plan" && value.Length > 0 && OfDeploysAlone.Contains(name, StringComparer.OrdinalIgnoreCase))
                yield return ("MLOPS0016", $"'{name}' has no effect on MlopsPlan, which shows a whole deploy of what is here: leave it out.");
        }
    }

    private static readonly string[] OfDeploysAlone = ["MlopsFromStep", "MlopsModelVersion", "MlopsOnlySteps", "MlopsStage"];
}
