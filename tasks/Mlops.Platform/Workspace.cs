using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform;

/// <summary>What a build made of a model repository: the only thing that verbs know of it.</summary>
public sealed record Workspace
{
    /// <summary>The folder of config.yaml, absolute.</summary>
    public required string Repository { get; init; }

    /// <summary>The folder of pipeline.json and its companions, absolute.</summary>
    public required string Artifacts { get; init; }

    public required PipelineDefinition Pipeline { get; init; }

    /// <summary>A definition alone, without a configuration: it is run, and nothing is deployed.</summary>
    public bool IsDefinitionAlone { get; init; }

    public required DeploymentDefinition Deployment { get; init; }

    /// <summary>What to start in place of a container's python3, Rscript, ...; a path is one of the repository.</summary>
    public IReadOnlyDictionary<string, string> Interpreters =>
        Deployment.Local.Interpreters.ToDictionary(i => i.Key, i => i.Value.Contains('/') ? FullPath(i.Value) : i.Value, StringComparer.Ordinal);

    public string ConfigFile => Path.Combine(Repository, Deployment.ConfigFile);

    public static Workspace Load(string repository, string artifacts)
    {
        try
        {
            var pipeline = File.ReadAllBytes(Path.Combine(artifacts, ArtifactFiles.Pipeline));
            var deployment = File.ReadAllBytes(Path.Combine(artifacts, ArtifactFiles.Deployment));
            // Beside each other: every verb waits for both.
            var definition = Task.Run(() => PipelineDefinition.Parse(pipeline, ArtifactFiles.Pipeline));
            return new Workspace
            {
                Repository = Path.GetFullPath(repository),
                Artifacts = Path.GetFullPath(artifacts),
                Deployment = DeploymentDefinition.Parse(deployment),
                Pipeline = definition.GetAwaiter().GetResult(),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PlatformErrors.NotBuilt(artifacts, ModelAbove(repository)).ToException();
        }
        catch (DefinitionException e)
        {
            throw PlatformErrors.ArtifactsUnreadable(artifacts, e.Message).ToException();
        }
    }

    /// <summary>The folder above with a config.yaml, for whoever stands in one of its folders; null: there is one here, or none above.</summary>
    private static string? ModelAbove(string repository)
    {
        var here = new DirectoryInfo(Path.GetFullPath(repository));
        for (var folder = here; folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "config.yaml")))
                return folder.FullName == here.FullName ? null : Path.GetRelativePath(Environment.CurrentDirectory, folder.FullName).Replace('\\', '/');
        }

        return null;
    }

    /// <summary>Refuses artifacts that were made of another config.yaml than the one that is there: a verb must do what the reader sees.</summary>
    public Workspace Fresh()
    {
        if (!File.Exists(ConfigFile) || Digest.Of(File.ReadAllBytes(ConfigFile)) == Deployment.ConfigSha256)
            return this;
        throw PlatformErrors.Stale(Deployment.ConfigFile).ToException();
    }

    /// <summary>Says all that the configuration asks for and that a platform does not carry out: a warning where it is only lacking, else an error, and nothing is begun.</summary>
    public void RefuseGaps(string platform, IEventSink events)
    {
        var gaps = Deployment.Gaps.Where(g => g.Platform is null || g.Platform == platform).ToList();
        foreach (var gap in gaps.Where(g => !g.Essential))
            events.Add(At(PlatformErrors.Lacks(gap.Key), gap.Place));
        var essential = gaps.Where(g => g.Essential).Select(g => At(PlatformErrors.NotCarriedOut(g.Key), g.Place)).ToList();
        events.ThrowIfAny(essential);
    }

    public Stage Stage(string name) =>
        Deployment.Stages.FirstOrDefault(s => s.Name == name) ?? throw PlatformErrors.UnknownStage(name, Deployment.Stages.Select(s => s.Name)).ToException();

    /// <summary>A file that the configuration names.</summary>
    public string FullPath(string relative) => Path.GetFullPath(Path.Combine(Repository, relative));

    /// <summary>A problem at the line of a step, or of 'inference', where the configuration has it.</summary>
    public Problem At(Problem problem, string step) =>
        Deployment.Places.TryGetValue(step, out var place) ? At(problem, place) : problem;

    public Problem At(Problem problem, SourcePlace place) => problem.At(ConfigFile, place.Line, place.Column);
}
