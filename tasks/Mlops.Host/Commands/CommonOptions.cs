using System.CommandLine;
using Mlops.Definitions;
using Mlops.Platform;

namespace Mlops.Host.Commands;

/// <summary>Options that verbs share, and what they mean.</summary>
internal sealed class CommonOptions
{
    private readonly Option<string> project = new("--project") { Description = "The model repository: the folder of config.yaml.", DefaultValueFactory = _ => "." };

    private readonly Option<string?> artifacts = new("--artifacts") { Description = "The folder with pipeline.json that a build made. Default: the one below 'bin' that was made of what is there now." };

    private readonly Option<string> platform = new("--platform") { Description = "Where: local (this machine) or aws.", DefaultValueFactory = _ => PlatformNames.Local };

    private readonly Option<bool> json = new("--json") { Description = "Print events as JSON lines." };

    private readonly Option<bool> verbose = new("--verbose") { Description = "Show where an unexpected error happened." };

    private readonly Option<bool> endWithInput = new("--end-with-input") { Description = "Stop when standard input closes.", Hidden = true };

    public void AddTo(Command command)
    {
        platform.AcceptOnlyFromAmong(PlatformNames.Local, PlatformNames.Aws);
        foreach (var option in new Option[] { project, artifacts, platform, json, verbose, endWithInput })
            command.Options.Add(option);
    }

    /// <summary>Whether the verb sends or runs code. The way back to an older version does not, and must not wait for a build.</summary>
    public Func<ParseResult, bool> NeedsFreshCode { get; init; } = _ => false;

    /// <summary>Whether the verb changes something: who did it is kept.</summary>
    public bool IsAudited { get; init; }

    /// <summary>Whether the verb makes and takes away what 'aws.deploy_role' is for; others are also the business of approvers, auditors and data scientists, who need not have it.</summary>
    public bool NeedsDeployRole { get; init; }

    /// <summary>Whether the verb looks at what was run, of whatever origin: there may be no build.</summary>
    public bool NeedsNoBuild { get; init; }

    /// <summary>Whether the verb writes to the terminal beside its events, an answer or a question: then no line is drawn over.</summary>
    public Func<ParseResult, bool> PrintsItself { get; init; } = _ => false;

    public string Project(ParseResult parsed) => parsed.GetValue(project)!;

    public string Platform(ParseResult parsed) => parsed.GetValue(platform)!;

    public bool Json(ParseResult parsed) => parsed.GetValue(json);

    public bool Verbose(ParseResult parsed) => parsed.GetValue(verbose);

    public bool EndWithInput(ParseResult parsed) => parsed.GetValue(endWithInput);

    public Workspace Workspace(ParseResult parsed)
    {
        var repository = Path.GetFullPath(parsed.GetValue(project)!);
        var built = parsed.GetValue(artifacts) ?? FindBuild(repository);
        return NeedsNoBuild && !Directory.Exists(built) && Directory.Exists(Path.Combine(repository, new LocalSettings().Root))
            ? DefinitionRun.Past(repository)
            : Mlops.Platform.Workspace.Load(repository, built);
    }

    /// <summary>Where a build put its artifacts: of several, the first that was made of what is there now.</summary>
    private static string FindBuild(string repository)
    {
        var release = Path.Combine(repository, "bin", "Release", "net10.0", "mlops");
        var builds = Builds(repository, release);
        return builds is [_, _, ..] ? builds.FirstOrDefault(b => BuiltCode.IsFresh(repository, b)) ?? builds[0] : builds is [var one] ? one : release;
    }

    /// <summary>bin/CONFIGURATION/FRAMEWORK/mlops, as a build makes it, and bin/mlops of 'mlops compile': that of a plain 'dotnet build' first, whatever was written last.</summary>
    private static IReadOnlyList<string> Builds(string repository, string release)
    {
        var bin = Path.Combine(repository, "bin");
        var builds = Directory.Exists(bin) ? Directory.EnumerateFiles(bin, ArtifactFiles.Pipeline, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4 }) : [];
        return [.. builds.OrderByDescending(File.GetLastWriteTimeUtc).Select(b => Path.GetDirectoryName(b)!).OrderByDescending(b => b == release)];
    }
}
