using Mlops.Compilation.Planning;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;

namespace Mlops.Compilation.Ci;

/// <param name="Path">Relative to config.yaml, with '/'.</param>
public sealed record CiFile(string Path, string Text);

/// <summary>
/// The files by which a host of repositories builds, tests and deploys a model: what config.yaml's 'ci' says, with a role that a build
/// takes on by the host's own token. No key is stored anywhere.
/// </summary>
public static class CiFiles
{
    /// <summary>Makes the files of a checked configuration; null, with the reason, where there are none.</summary>
    public static IReadOnlyList<CiFile>? Make(ModelConfig config, DiagnosticBag diagnostics)
    {
        if (config.Ci is not { } ci)
        {
            diagnostics.Add(CompileErrors.NoCi(Span.Start));
            return null;
        }

        var job = new CiJob(config, ci);
        return ci.Provider!.Value.Value switch
        {
            CiProvider.GithubActions => [new(".github/workflows/mlops.yml", GithubActions.Write(job))],
            CiProvider.Gitlab => [new(".gitlab-ci.yml", Gitlab.Write(job))],
            CiProvider.AzurePipelines => [new("azure-pipelines.yml", AzurePipelines.Write(job))],
            _ => [new("buildspec.yml", CodeBuild.Write(job))],
        };
    }
}

/// <summary>What the files of every host have in common.</summary>
internal sealed class CiJob(ModelConfig config, CiSection ci)
{
    public const string Dotnet = "10.0";
    public const string Python = "3.12";

    public string Name => config.Model!.Name!.Value.Value;

    public string Branch => ci.Branch?.Value ?? "main";

    public string? Role => ci.Role?.Value.Text;

    /// <summary>Null: a variable of the host says it.</summary>
    public string? Region => config.Aws?.Region?.Value.Name;

    public const string Build = "dotnet build";

    /// <summary>The whole way on the local platform: what would fail in the cloud fails in a minute.</summary>
    public const string Test = "dotnet publish -t:MlopsDeploy";

    public const string CleanUp = "dotnet build -t:MlopsDestroy";

    public const string Deploy = "dotnet publish -t:MlopsDeploy -p:MlopsPlatform=aws";

    /// <summary>Where data lies in S3, or a step needs the cloud, a build host cannot run the pipeline by itself.</summary>
    public bool RunsLocally =>
        (config.Data ?? NamedMap<DataSet>.Empty).All(d => d.Value?.Source?.Value.Text.StartsWith(S3Uri.Scheme, StringComparison.Ordinal) != true)
        && !NotCarriedOut.Of(config).Any(g => g.Essential);

    /// <summary>Whether a step is Python's.</summary>
    public bool NeedsPython => config.Steps.Select(s => s.Section).OfType<StepSection>().Any(s => s.EntryPoint?.Value.Extension is ".py" or ".ipynb");

    /// <summary>Whether a step or the model is R's. The build hosts' images have none.</summary>
    public bool NeedsR => config.Steps.Select(s => s.Section).OfType<StepSection>().Select(s => s.EntryPoint?.Value.Extension).Append(config.Inference?.EntryPoint?.Value.Extension).Contains(".r", StringComparer.OrdinalIgnoreCase);

    /// <summary>R with its recommended packages, and those by which a model answers, as Debian and Ubuntu package them; what else programs attach is r-cran-NAME.</summary>
    private const string RPackages = "r-base r-cran-jsonlite r-cran-httpuv";

    /// <summary>On a host that builds as root.</summary>
    public const string InstallR = $"apt-get update && apt-get install -y --no-install-recommends {RPackages}";

    /// <summary>On a host that builds as a user.</summary>
    public const string InstallRAsUser = $"sudo apt-get update && sudo apt-get install -y --no-install-recommends {RPackages}";

    /// <summary>The requirements.txt of the steps, wherever one lies beside them.</summary>
    public IReadOnlyList<string> RequirementFolders =>
        [.. config.Steps.Select(s => s.Section).OfType<StepSection>().Where(s => s.EntryPoint?.Value.Extension is ".py" or ".ipynb").Select(s => Path.GetDirectoryName(s.EntryPoint!.Value.Value.Text)!.Replace('\\', '/')).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    public IEnumerable<string> InstallPackages => RequirementFolders.Select(f => f.Length == 0 ? "requirements.txt" : $"{f}/requirements.txt").Select(Quoted).Select(f => $"test ! -f {f} || python -m pip install -r {f}");

    /// <summary>A word of a shell's: as it is where it is one.</summary>
    private static string Quoted(string path) => path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-') ? path : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
