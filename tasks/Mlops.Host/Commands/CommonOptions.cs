using System.CommandLine;
using Mlops.Definitions;
using Mlops.Platform;

namespace Mlops.Host.Commands;

/// <summary>Options that verbs share, and what they mean.</summary>
internal sealed class CommonOptions
{
    private readonly Option<string> project = new("--project") { Description = "The model repository: the folder of config.yaml.", DefaultValueFactory = _ => "." };

    private readonly Option<string?> artifacts = new("--artifacts") { Description = "The folder with pipeline.json that a build made. Default: the newest below 'bin'." };

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

    /// <summary>Whether the verb looks at what was run, of whatever origin: there may be no build.</summary>
    public bool NeedsNoBuild { get; init; }

    public string Project(ParseResult parsed) => parsed.GetValue(project)!;

    public string Platform(ParseResult parsed) => parsed.GetValue(platform)!;

    public bool Json(ParseResult parsed) => parsed.GetValue(json);

    public bool Verbose(ParseResult parsed) => parsed.GetValue(verbose);

    public bool EndWithInput(ParseResult parsed) => parsed.GetValue(endWithInput);

    public Workspace Workspace(ParseResult parsed)
    {
        var repository = Path.GetFullPath(parsed.GetValue(project)!);
        var built = parsed.GetValue(artifacts) ?? NewestBuild(repository);
        return NeedsNoBuild && !Directory.Exists(built) && Directory.Exists(Path.Combine(repository, new LocalSettings().Root))
            ? DefinitionRun.Past(repository)
            : Mlops.Platform.Workspace.Load(repository, built);
    }

    /// <summary>bin/CONFIGURATION/FRAMEWORK/mlops, as a build with default settings makes it.</summary>
    private static string NewestBuild(string repository)
    {
        var bin = Path.Combine(repository, "bin");
        // Several: the configuration that a plain 'dotnet build' makes, whatever was written last.
        var release = Path.Combine(bin, "Release", "net10.0", "mlops");
        if (File.Exists(Path.Combine(release, "pipeline.json")))
            return release;
        var builds = Directory.Exists(bin) ? Directory.EnumerateFiles(bin, "pipeline.json", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4 }) : [];
        return builds.OrderByDescending(File.GetLastWriteTimeUtc).Select(Path.GetDirectoryName).FirstOrDefault() ?? release;
    }
}
