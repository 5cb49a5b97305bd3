using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Governance;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <param name="Model">A model.tar.gz of this machine, or the file or folder that goes into one.</param>
/// <param name="Report">The evaluation's report, a JSON file; null: none. Gates want one.</param>
/// <param name="Description">ModelPackageDescription; null: the configuration's.</param>
public sealed record BroughtModelOptions(string Model, string? Report, string? Description);

/// <summary>Registers a model that was made elsewhere as the next version: containers, code and gates are the configuration's, and no pipeline runs.</summary>
public static class RegisterVerb
{
    /// <summary>What the register step says of a run: how it was measured there, and which it was.</summary>
    private static readonly string[] OfRuns = ["ModelMetrics", "DriftCheckBaselines", "MetadataProperties"];

    public static async Task<Outcome> RunAsync(VerbContext context, BroughtModelOptions options, CancellationToken cancellation)
    {
        var (workspace, platform, events) = context;
        var deployment = workspace.Fresh().Deployment;
        workspace.RefuseGaps(platform.Name, events);
        if (!Path.Exists(options.Model))
            throw PlatformErrors.ModelMissing(options.Model).ToException();
        var step = workspace.Pipeline.AllSteps.FirstOrDefault(s => s.Type == StepTypes.RegisterModel) ?? throw PlatformErrors.NotRegistrable("the pipeline registers none.").ToException();
        var report = options.Report is { } path ? Read(path) : null;
        var metrics = EvaluationReport.Numbers(report);

        await using var held = await platform.LockAsync("register", cancellation);
        await platform.PrepareAsync([], cancellation);
        await CheckGatesAsync(context, options, metrics, cancellation);
        var scratch = Directory.CreateTempSubdirectory("mlops-model-");
        try
        {
            var archive = BroughtArchive.Make(options.Model, deployment.PackagedCode is { } code ? Path.Combine(workspace.Artifacts, code) : null, scratch.FullName);
            var sha256 = ContentHash.Of(archive);
            var request = await RequestAsync(context, step, options, cancellation);
            var model = await platform.Objects.PutDataAsync("model", archive, $"{deployment.Prefix}/models/brought", cancellation);
            var container = Json.Objects(request["InferenceSpecification"]!["Containers"]).ElementAt(deployment.ModelContainer ?? 0);
            container["ModelDataUrl"] = $"{model.S3Uri}/{BroughtArchive.Name}";
            if (options.Report is { } file)
                request["ModelMetrics"] = Measured(await platform.Objects.PutDataAsync("report", Path.GetFullPath(file), $"{deployment.Prefix}/models/brought-reports", cancellation), file);
            foreach (var bundle in deployment.Sources.Where(b => request.ToJsonString().Contains(b.Key, StringComparison.Ordinal)))
                await platform.Objects.PutBundleAsync(bundle, Path.Combine(workspace.Artifacts, bundle.File), cancellation);
            return await RegisterAsync(context, new ModelRegistration(request, (string)container["ModelDataUrl"]!, sha256, metrics), cancellation);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static async Task<Outcome> RegisterAsync(VerbContext context, ModelRegistration registration, CancellationToken cancellation)
    {
        var group = context.Workspace.Deployment.ModelPackageGroupName;
        var models = context.Platform.Models;
        var made = await models.RegisterAsync(group, registration, cancellation);
        context.Events.Add(new ModelRegistered(group, made.Version, made.Status, made.IsNew));
        if (await models.FindAsync(group, made.Version, cancellation) is { } version && !await Provenance.IsRecordedAsync(context, version, registration, cancellation))
            await models.PutProvenanceAsync(group, made.Version, Provenance.OfBrought(context.Workspace, version, registration).ToJson(), cancellation);
        return new Outcome { Verb = "register", Changed = made.IsNew, PipelineName = context.Workspace.Deployment.PipelineName, Version = made.Version };
    }

    /// <summary>The register step's request, with what belongs to this place, and without what belongs to a run.</summary>
    private static async Task<JsonObject> RequestAsync(VerbContext context, PipelineStep step, BroughtModelOptions options, CancellationToken cancellation)
    {
        var arguments = (JsonObject)step.Arguments.DeepClone();
        foreach (var ofRun in OfRuns)
            arguments.Remove(ofRun);
        if (Json.Objects(arguments["InferenceSpecification"]?["Containers"]).ElementAtOrDefault(context.Workspace.Deployment.ModelContainer ?? 0) is not { } container)
            throw PlatformErrors.NotRegistrable("the pipeline registers no container for it.").ToException();
        container["ModelDataUrl"] = "";
        if (options.Description is { } description)
            arguments["ModelPackageDescription"] = Descriptions.OneLine(description) is { Length: <= Descriptions.MostCharacters } line ? line
                : throw PlatformErrors.NotRegistrable($"the description has more than {Descriptions.MostCharacters} characters.").ToException();
        var places = new Dictionary<string, string>(StringComparer.Ordinal);
        await PublishVerb.ImagesAsync(context, places, cancellation);
        var definition = await PublishVerb.DefineAsync(context, places, cancellation);
        try
        {
            return (JsonObject)new ExpressionEvaluator(new ParameterScope(definition, new Dictionary<string, string>())).Evaluate(arguments)!;
        }
        catch (DefinitionException e)
        {
            throw PlatformErrors.NotRegistrable(e.Message).ToException();
        }
    }

    private static async Task CheckGatesAsync(VerbContext context, BroughtModelOptions options, IReadOnlyDictionary<string, double> metrics, CancellationToken cancellation)
    {
        var gates = context.Workspace.Deployment.Gates;
        if (gates.Count > 0 && options.Report is null)
            throw PlatformErrors.ReportNeeded(gates.Select(g => g.Path)).ToException();
        List<Problem> problems =
        [
            .. gates.Where(g => !metrics.ContainsKey(g.Path)).Select(g => context.Workspace.At(PlatformErrors.GateUnreadable(g, $"'{options.Report}' has no number at '{g.Path}'."), g.Place)),
            .. GateCheck.Failed(context, metrics.Concat(await GateCheck.LimitsAsync(context, cancellation)).ToDictionary(StringComparer.Ordinal)),
        ];
        context.Events.ThrowIfAny(problems);
    }

    private static JsonObject Measured(StoredData report, string file) => new()
    {
        ["ModelQuality"] = new JsonObject { ["Statistics"] = new JsonObject { ["ContentType"] = "application/json", ["S3Uri"] = $"{report.S3Uri}/{Path.GetFileName(file)}" } },
    };

    private static JsonObject Read(string path)
    {
        try
        {
            return Json.ReadObject(File.ReadAllBytes(path), "It");
        }
        catch (Exception e) when (e is DefinitionException or IOException or UnauthorizedAccessException)
        {
            throw PlatformErrors.EvaluationUnreadable(path, e.Message).ToException();
        }
    }
}
