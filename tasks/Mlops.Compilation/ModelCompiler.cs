using System.Text;
using System.Text.Json.Nodes;
using Mlops.Compilation.Bundles;
using Mlops.Compilation.Graph;
using Mlops.Compilation.Pipeline;
using Mlops.Compilation.Planning;
using Mlops.Compilation.Stacks;
using Mlops.Configuration;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;
using Mlops.Configuration.Model;
using Mlops.Definitions;

namespace Mlops.Compilation;

/// <param name="Config">The config.yaml; its folder is the repository.</param>
/// <param name="Program">The folder with the built C# program, or null.</param>
/// <param name="ProgramAssembly">The program's file name in that folder, or null.</param>
/// <param name="Overrides">Values that are given in place of the file's; null: none.</param>
/// <param name="Project">What built the program; null: it is not known, and nothing makes a container of it.</param>
public sealed record CompileRequest(string Config, string? Program = null, string? ProgramAssembly = null, Overrides? Overrides = null, ProgramProject? Project = null);

/// <param name="File">The project file, absolute.</param>
/// <param name="ContainerProperties">Of its container, such as ContainerBaseImage.</param>
/// <param name="ContainerItems">What else the project says of its container, as one text.</param>
public sealed record ProgramProject(string File, string Configuration, string TargetFramework, IReadOnlyDictionary<string, string> ContainerProperties, string ContainerItems);

/// <param name="Artifacts">Empty where there are errors.</param>
/// <param name="Inputs">Paths relative to the repository that the artifacts depend on, beside config.yaml and the program.</param>
public sealed record CompileResult(ConfigurationResult Configuration, IReadOnlyList<Diagnostic> Diagnostics, IReadOnlyList<Artifact> Artifacts, IReadOnlyList<string> Inputs)
{
    public bool HasErrors => Diagnostics.Any(d => d.Severity == Severity.Error);
}

/// <summary>The whole compiler: config.yaml in, artifacts and diagnostics out. It writes nothing; <see cref="ArtifactWriter"/> does.</summary>
public static class ModelCompiler
{
    /// <summary>The bundles alone, as they would be made now; none where there are errors.</summary>
    public static IReadOnlyList<Artifact> Bundles(CompileRequest request)
    {
        var read = ConfigurationReader.Read(request.Config, request.Overrides);
        var diagnostics = new DiagnosticBag();
        var bundles = read.HasErrors ? [] : WriteBundles(
            Planner.Plan(read.Config!, request.Program is null ? null : request.ProgramAssembly), request, new RepositoryFiles(Path.GetDirectoryName(Path.GetFullPath(request.Config))!), read, diagnostics, []);
        return diagnostics.HasErrors ? [] : [.. bundles.Values.Select(b => b.Artifact)];
    }

    public static CompileResult Compile(CompileRequest request)
    {
        var read = ConfigurationReader.Read(request.Config, request.Overrides);
        if (read.HasErrors)
            return new(read, read.Diagnostics, [], read.Inputs);

        var diagnostics = new DiagnosticBag();
        foreach (var diagnostic in read.Diagnostics)
            diagnostics.Add(diagnostic);
        var repository = new RepositoryFiles(Path.GetDirectoryName(Path.GetFullPath(request.Config))!);
        var plan = Planner.Plan(read.Config!, request.Program is null ? null : request.ProgramAssembly);
        var inputs = new SortedSet<string>(read.Inputs, StringComparer.Ordinal);
        var bundles = WriteBundles(plan, request, repository, read, diagnostics, inputs);
        inputs.UnionWith(repository.Used);
        if (diagnostics.HasErrors)
            return new(read, diagnostics.InOrder(), [], [.. inputs]);

        var sources = new SourceKeys(plan.Prefix, bundles);
        var pipeline = PipelineEmitter.Emit(plan, sources);
        WarnOfStandIns(read.Config!, pipeline, diagnostics);
        var stacks = StackArtifacts.Make(plan, sources).ToList();
        var deployment = DeploymentEmitter.Emit(plan, sources, Path.GetFileName(request.Config), read.Source!.Sha256) with { Container = Container(plan, request, repository, bundles) };
        List<Artifact> artifacts =
        [
            new(ArtifactFiles.Pipeline, Json.Write(pipeline.ToJson())),
            new(ArtifactFiles.Deployment, Json.Write(deployment.ToJson())),
            .. stacks,
            new(ArtifactFiles.Graph, Encoding.UTF8.GetBytes(MermaidGraph.Write(plan, pipeline))),
            .. bundles.Values.Select(b => b.Artifact).OrderBy(b => b.Name, StringComparer.Ordinal),
        ];
        artifacts.Add(Manifest(artifacts));
        return new(read, diagnostics.InOrder(), artifacts, [.. inputs]);
    }

    /// <summary>Known by its content: the bundle's hash, and what the project says of the container.</summary>
    private static ProgramContainer? Container(ModelPlan plan, CompileRequest request, RepositoryFiles repository, Dictionary<string, WrittenBundle> bundles)
    {
        if (!plan.MakesContainer || request.Project is not { } project || !bundles.TryGetValue(ProgramBundle.BundleName, out var program))
            return null;
        var properties = project.ContainerProperties.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}");
        var tag = Digest.Of(string.Join('\n', [program.Artifact.Sha256, project.TargetFramework, .. properties, project.ContainerItems]));
        return new ProgramContainer(Path.GetRelativePath(repository.Root, project.File).Replace('\\', '/'), project.Configuration, project.TargetFramework, tag) { Properties = project.ContainerProperties };
    }

    private static void WarnOfStandIns(ModelConfig config, PipelineDefinition pipeline, DiagnosticBag diagnostics)
    {
        if (config.Local?.StandIns is not { Count: > 0 } standIns)
            return;
        var named = Json.Canonical(pipeline.ToJson());
        foreach (var standIn in standIns.Where(s => !named.Contains(s.Name, StringComparison.Ordinal)))
            diagnostics.Add(CompileErrors.StandInUnused(standIn.NameSpan, standIn.Name));
    }

    private static Dictionary<string, WrittenBundle> WriteBundles(
        ModelPlan plan, CompileRequest request, RepositoryFiles repository, ConfigurationResult read, DiagnosticBag diagnostics, ICollection<string> inputs)
    {
        var written = new Dictionary<string, WrittenBundle>(StringComparer.Ordinal);
        var plans = plan.Jobs.Select(s => s.Bundle)
            .Concat([plan.Inference.Bundle, plan.Inference.SamplePayload, plan.Inference.Before?.Bundle, plan.Inference.Behind?.Bundle])
            .Concat(plan.Operations.Monitors.Select(m => m.Bundle)).OfType<BundlePlan>();
        var processing = plan.Jobs.Where(s => s.Kind == StepKind.Processing).Select(s => s.Bundle?.Name).ToHashSet();
        foreach (var bundle in plans.DistinctBy(b => b.Name))
        {
            if (bundle is ProgramBundle { Assembly: null })
            {
                var place = read.Config!.Runtime?.Framework?.Span ?? read.Config.Build?.Train?.Span ?? read.Config.Model!.Span;
                diagnostics.Add(CompileErrors.ProgramMissing(place));
            }
            else if (BundleWriter.Write(bundle, processing.Contains(bundle.Name), repository, request.Program, diagnostics, inputs) is { } made)
            {
                written[bundle.Name] = made;
            }
        }

        WarnOfModules(plan, written, diagnostics);
        WarnOfIsolation(plan, written, diagnostics);
        return written;
    }

    private static void WarnOfModules(ModelPlan plan, Dictionary<string, WrittenBundle> written, DiagnosticBag diagnostics)
    {
        foreach (var (bundle, place) in plan.Jobs.Select(s => (s.Bundle, s.Place)).Append((plan.Inference.Bundle, plan.Inference.Place)))
        {
            if (bundle is not ScriptBundle script || !written.TryGetValue(script.Name, out var made))
                continue;
            foreach (var module in made.Imports.LeftBehind)
                diagnostics.Add(CompileErrors.ModuleLeftBehind(place, script.EntryPoint.Text, module, script.EntryPoint.Folder));
        }
    }

    /// <summary>In isolation pip reaches no index: only what lies in the code itself can be installed.</summary>
    private static void WarnOfIsolation(ModelPlan plan, Dictionary<string, WrittenBundle> written, DiagnosticBag diagnostics)
    {
        if (plan.Aws.Network is not { Isolated: true })
            return;
        foreach (var step in plan.Jobs.Where(s => s.Bundle is not null && written.TryGetValue(s.Bundle.Name, out var made) && made is { Installs: true, HasRequirements: true }))
            diagnostics.Add(CompileErrors.RequirementsInIsolation(step.Place, step.Name));
    }

    /// <summary>A hash of each file: what a build made, to be compared from outside. No git state, no clock.</summary>
    private static Artifact Manifest(IEnumerable<Artifact> artifacts)
    {
        var files = new JsonObject();
        foreach (var artifact in artifacts.OrderBy(a => a.Name, StringComparer.Ordinal))
            files[artifact.Name] = artifact.Sha256;
        return new Artifact(ArtifactFiles.Manifest, Json.Write(new JsonObject { ["Version"] = 1, ["Sha256"] = files }));
    }
}
