using Mlops.Definitions;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Local;
using Mlops.Platform.Local.Execution;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>Runs a pipeline definition of whatever origin: what it would do is shown first, and its programs run only where someone agrees.</summary>
internal static class DefinitionRun
{
    /// <summary>A definition without a configuration: the folder of the project holds what it leaves.</summary>
    public static Workspace Load(string project, string file, LocalSettings local)
    {
        var name = string.Concat(Path.GetFileNameWithoutExtension(file).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        name = name.Length == 0 ? "pipeline" : name;
        if (Directory.Exists(file))
            throw PlatformErrors.Definition($"'{file}' is a folder. Name one definition in it.").ToException();
        try
        {
            return Of(Path.GetFullPath(project), Path.GetFullPath(file), name, PipelineDefinition.Parse(File.ReadAllBytes(file), Path.GetFileName(file)), local);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PlatformErrors.Definition($"'{file}' cannot be read: {e.Message}").ToException();
        }
        catch (DefinitionException e)
        {
            throw PlatformErrors.Definition(e.Message).ToException();
        }
    }

    /// <summary>A folder in which definitions were run, to look at what they left: of all pipelines.</summary>
    public static Workspace Past(string project) => Of(project, Path.Combine(project, "none"), "", new PipelineDefinition { Steps = [] }, new LocalSettings());

    /// <summary>What 'local' of config.yaml says, for a definition that has none.</summary>
    /// <param name="standIns">TARGET=COMMAND, as 'local.stand_ins' has them.</param>
    /// <param name="sandbox">A value of 'local.sandbox'; null: its default.</param>
    public static LocalSettings Settings(IReadOnlyDictionary<string, string> standIns, string? sandbox) => new()
    {
        StandIns = standIns,
        Sandbox = sandbox switch
        {
            "process" => LocalSettings.ProcessSandbox,
            "namespace" => LocalSettings.NamespaceSandbox,
            "docker" => LocalSettings.ContainerSandbox,
            _ => null,
        },
    };

    private static Workspace Of(string project, string file, string name, PipelineDefinition pipeline, LocalSettings local) => new()
    {
        Repository = project,
        Artifacts = Path.GetDirectoryName(file)!,
        Pipeline = pipeline,
        IsDefinitionAlone = true,
        Deployment = new DeploymentDefinition
        {
            ModelName = name,
            PipelineName = name,
            ModelPackageGroupName = name,
            ConfigFile = Path.GetFileName(file),
            ConfigSha256 = "",
            Prefix = name,
            Local = local,
        },
    };

    /// <param name="sources">S3 URI and the file or folder of this machine that stands for it.</param>
    /// <returns>Null: nothing was run, as asked.</returns>
    public static async Task<Outcome?> RunAsync(
        VerbContext context, IReadOnlyDictionary<string, string> sources, RunRequest run, bool check, bool agreed, CancellationToken cancellation)
    {
        var (workspace, parameters) = (context.Workspace, run.Parameters);
        CheckWhole(workspace, run, check);
        var chosen = run.Selection is { } selection ? StepSelection.Chosen(workspace.Pipeline, selection.Steps) : null;
        var steps = StepPreview.Of(workspace.Pipeline, workspace.Deployment.Local, parameters).Where(s => chosen?.Contains(s.Name) != false).ToList();
        if (check || !agreed)
            Show(context, steps);
        WarnOfUnused(context, sources.Keys, parameters);
        foreach (var (step, uri) in StepInputs.Missing(workspace.Pipeline, ((LocalPlatform)context.Platform).Store, sources.Keys, parameters))
            context.Events.Add(LocalErrors.InputMissing(step, uri));
        context.Events.ThrowIfAny([.. workspace.Pipeline.Parameters.Where(p => check && p.Default is null && !parameters.ContainsKey(p.Name)).Select(p => LocalErrors.NoParameterValue(p.Name)), .. steps.Select(s => s.Problem).OfType<Problem>()]);
        if (check)
            return null;
        if (!agreed && steps.Any(s => s.RunsProgram) && !Asks())
            throw PlatformErrors.NotAgreed(workspace.Deployment.ConfigFile).ToException();

        await using var held = await context.Platform.LockAsync("run", cancellation);
        foreach (var (uri, path) in sources.OrderBy(s => s.Key.Length)) // What is given for a part of another goes over it.
            ((LocalPlatform)context.Platform).Store.PutSource(uri, Path.GetFullPath(path));
        await context.Platform.Pipelines.PutAsync(workspace.Deployment.PipelineName, workspace.Pipeline, cancellation);
        var result = await RunVerb.RunAsync(context, run, cancellation);
        if (!result.Ran)
            context.Events.Add(new Notice($"Nothing has changed since execution {result.ExecutionId}, which did the same: nothing was started."));
        return new Outcome { Verb = "run", Changed = result.Ran, PipelineName = workspace.Deployment.PipelineName, ExecutionId = result.ExecutionId, Version = result.Version };
    }

    /// <summary>The order of the steps and what was given for a run, before anything is stored for it.</summary>
    /// <param name="onlyLooks">What has no value yet keeps nobody from looking.</param>
    private static void CheckWhole(Workspace workspace, RunRequest run, bool onlyLooks)
    {
        try
        {
            _ = new StepGraph(workspace.Pipeline);
        }
        catch (DefinitionException e)
        {
            throw PlatformErrors.Definition(e.Message).ToException();
        }

        RunVerb.Check(workspace, run);
        if (!onlyLooks && workspace.Pipeline.Parameters.FirstOrDefault(p => p.Default is null && !run.Parameters.ContainsKey(p.Name)) is { } open)
            throw LocalErrors.NoParameterValue(open.Name).ToException();
    }

    private static void Show(VerbContext context, IEnumerable<StepPreview> steps)
    {
        foreach (var step in steps)
            context.Events.Add(new Notice($"{step.Name} ({step.Type}): {step.What}"));
    }

    /// <summary>A slip in an option's name would else show only in what the run does.</summary>
    private static void WarnOfUnused(VerbContext context, IEnumerable<string> sources, IReadOnlyDictionary<string, string> parameters)
    {
        var text = context.Workspace.Pipeline.ToJson().ToJsonString() + string.Join('\n', parameters.Values);
        foreach (var source in sources.Where(s => !text.Contains(s.TrimEnd('/'), StringComparison.Ordinal) && !IsJoined(s, text)))
            context.Events.Add(LocalErrors.UnusedOption("--source", source));
        foreach (var target in context.Workspace.Deployment.Local.StandIns.Keys.Where(t => !text.Contains(t, StringComparison.Ordinal)))
            context.Events.Add(LocalErrors.UnusedOption("--stand-in", target));
    }

    /// <summary>Expressions put URIs together of their parts: a bucket that is named may be followed by anything.</summary>
    private static bool IsJoined(string uri, string text) => text.Contains(S3Place.Split(uri).Bucket, StringComparison.Ordinal);

    private static bool Asks()
    {
        if (Console.IsInputRedirected || Console.IsOutputRedirected)
            return false;
        Console.Out.Write("These programs are whatever the definition's author wrote, and are not kept apart from this machine. Run them? [y/N] ");
        return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}
