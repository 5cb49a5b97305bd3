using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Local.Toolkits;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Local.Stages;

/// <summary>Stages as endpoints of this machine's server.</summary>
internal sealed class LocalStages(LocalRoot root, LocalRegistry registry, LocalObjectStore objects, ServerClient server, LocalBatches batches, PythonEnvironments environments, Workspace workspace) : IStages
{
    /// <summary>As long as SageMaker lets a model take for an asynchronous request.</summary>
    private static readonly TimeSpan AsyncPatience = TimeSpan.FromHours(1);

    private static readonly TimeSpan AsyncPause = TimeSpan.FromMilliseconds(20);

    private string Group => workspace.Deployment.ModelPackageGroupName;

    public async Task<StageState?> DescribeAsync(Stage stage, CancellationToken cancellation)
    {
        if (registry.Endpoints.Find(stage.EndpointName) is not { } row)
            return null;
        if (stage.Endpoint is null)
            return State(stage, row, healthy: registry.Models.Find(row.Group, row.Version) is { } version && objects.IsIntact(version.ModelDataUrl), BatchOutput(stage));
        var found = await server.FindAsync(cancellation);
        if (found is { } running && !server.IsAtItsPort(running.State))
            found = null; // It moves to the port that is asked for, with the next deploy.
        var healthy = found?.Status.Endpoints.Any(e => e.Endpoint == row.Name && e.Version == row.Version && e.Healthy) == true;
        return State(stage, row, healthy, found is null ? "" : Url(stage, found.Value.State)) with { IsRestarting = !healthy && found?.Status.Endpoints.Any(e => e.Endpoint == row.Name && e.Version == row.Version) == true };
    }

    /// <summary>A verb holds the lock from its begin on, and the server answers when it has changed.</summary>
    public Task<bool> BeginAsync(Stage stage, CancellationToken cancellation) => Task.FromResult(false);

    public async Task<IReadOnlyList<PlannedChange>> PlanAsync(Stage stage, ModelVersion? version, CancellationToken cancellation)
    {
        var now = await DescribeAsync(stage, cancellation);
        var wanted = version is null ? "the new version" : string.Create(CultureInfo.InvariantCulture, $"version {version.Version}");
        return now switch
        {
            null => [new PlannedChange("Add", "stage", stage.Name, wanted)],
            _ when now.Version != version?.Version => [new PlannedChange("Change", "stage", stage.Name, string.Create(CultureInfo.InvariantCulture, $"version {now.Version} -> {wanted}"))],
            { Healthy: false } => [new PlannedChange("Change", "stage", stage.Name, "does not run")],
            { UpToDate: false } => [new PlannedChange("Change", "stage", stage.Name, "other settings")],
            _ => [],
        };
    }

    public async Task<StageState> PutAsync(Stage stage, ModelVersion version, string? settings, CancellationToken cancellation)
    {
        // On the way back, and with other settings, it is not the version that is tried.
        var isNew = settings is null && registry.Endpoints.Find(stage.EndpointName)?.Version != version.Version;
        settings ??= Json.Canonical(Document(stage, refuseMissing: true));
        if (stage.Endpoint is null)
        {
            var row = new EndpointRow(stage.EndpointName, stage.Name, version.Group, version.Version, (JsonObject)JsonNode.Parse(settings)!);
            await batches.CheckAsync(row, cancellation);
            await server.DeleteAsync(stage.EndpointName, cancellation); // Where it was an endpoint before.
            registry.Endpoints.Put(row);
            return State(stage, row, healthy: true, BatchOutput(stage));
        }

        var response = await server.DeployAsync(new DeployRequest(stage.EndpointName, stage.Name, version.Group, version.Version, settings), cancellation);
        if (response.Code is not null)
            throw new Problem(response.Code, "Error", response.Code == LocalErrors.RolledBackCode && isNew && stage.FurtherVersions.Count == 0 ? Reject(stage, version, response.Message!) : response.Message ?? "").ToException();
        var state = await server.EnsureAsync(cancellation);
        if (stage.Stream is not null)
            new LocalStream(root, this, stage).Begin();
        return new StageState(version.Version, Url(stage, state), Healthy: true, UpToDate: true, settings);
    }

    /// <summary>Keeps a version that was rolled back out of its stage: a deploy that is run again would find nobody asking, and let it in.</summary>
    private string Reject(Stage stage, ModelVersion version, string reason)
    {
        registry.Models.Decide(version.Group, new ApprovalDecision(version.Version, stage.Name, "Rejected", "rollout", DateTimeOffset.UtcNow, reason), registry.Models.Decision(version.Group, version.Version, stage.Name), final: stage == workspace.Deployment.DecidingStage);
        return string.Create(CultureInfo.InvariantCulture, $"{reason} The version is rejected for this stage: 'mlops approve --version {version.Version} --stage {stage.Name}' lets it try again.");
    }

    /// <summary>The state is the server's own word.</summary>
    public Task<bool> IsThereAsync(Stage stage, CancellationToken cancellation) => Task.FromResult(true);

    public Task<bool> DeleteAsync(Stage stage, bool evenProtected, CancellationToken cancellation) => DeleteAsync(stage.EndpointName, cancellation);

    public Task DeleteAsync(OtherEndpoint endpoint, bool evenProtected, CancellationToken cancellation) => DeleteAsync(endpoint.Name, cancellation);

    public Task<IReadOnlyList<OtherEndpoint>> OthersAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<OtherEndpoint>>(
        [.. registry.Endpoints.All().Where(r => r.Group == Group && stages.All(s => s.EndpointName != r.Name)).Select(r => new OtherEndpoint(r.Name, r.Version))]);

    /// <summary>With the Python that the steps and the model run with.</summary>
    public Task<TestSurroundings> TestSurroundingsAsync(Stage stage, CancellationToken cancellation)
    {
        var interpreters = new Dictionary<string, string>(environments.Interpreters(workspace), StringComparer.Ordinal);
        foreach (var name in stage.Tests.Select(t => t.Command?[0]).OfType<string>().Distinct().Where(n => !n.Contains('/')))
        {
            var wanted = interpreters.GetValueOrDefault(name, name);
            interpreters[name] = Programs.Find(wanted) ?? wanted;
        }

        return Task.FromResult(new TestSurroundings(interpreters, new Dictionary<string, string?>()));
    }

    public async Task<BatchResult> PredictAsync(Stage stage, BatchRequest request, CancellationToken cancellation)
    {
        var (version, folder) = await batches.RunAsync(stage, request.Input, request.Output, cancellation);
        return new BatchResult(version, folder, null);
    }

    public async Task<InvokeResult> InvokeAsync(Stage stage, InvokeRequest request, CancellationToken cancellation)
    {
        if (stage.Endpoint is null)
            throw LocalErrors.BatchOnly(stage.Name).ToException();
        if (registry.Endpoints.Find(stage.EndpointName) is null)
            throw LocalErrors.NoEndpoint(stage.EndpointName).ToException();
        var found = await server.FindAsync(cancellation) ?? throw LocalErrors.NoEndpoint(stage.EndpointName).ToException();
        return stage.Endpoint is EndpointKind.Async
            ? await InvokeLaterAsync(stage, Url(stage, found.State), request, cancellation)
            : await InvokeNowAsync(Url(stage, found.State), request, cancellation);
    }

    public Task<bool> IsTestedAsync(Stage stage, int version, string tests, CancellationToken cancellation) =>
        Task.FromResult(registry.Endpoints.IsTested(stage.EndpointName, Group, version, tests));

    public Task MarkTestedAsync(Stage stage, int version, string tests, CancellationToken cancellation)
    {
        registry.Endpoints.MarkTested(stage.EndpointName, Group, version, tests);
        return Task.CompletedTask;
    }

    private async Task<bool> DeleteAsync(string endpoint, CancellationToken cancellation)
    {
        var there = registry.Endpoints.Find(endpoint) is not null;
        await server.DeleteAsync(endpoint, cancellation);
        registry.Endpoints.Delete(endpoint);
        return there;
    }

    private async Task<InvokeResult> InvokeNowAsync(string url, InvokeRequest request, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(request.Body) };
        message.Content.Headers.TryAddWithoutValidation("Content-Type", request.ContentType);
        if (request.Accept is not null)
            message.Headers.TryAddWithoutValidation("Accept", request.Accept);
        var clock = Stopwatch.StartNew();
        using var response = await server.InvokeAsync(message, cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);
        return new InvokeResult((int)response.StatusCode, response.Content.Headers.ContentType?.ToString() ?? "", body, clock.Elapsed);
    }

    /// <summary>InvokeEndpointAsync, and waiting for what comes to lie at one of its two places.</summary>
    private async Task<InvokeResult> InvokeLaterAsync(Stage stage, string url, InvokeRequest request, CancellationToken cancellation)
    {
        var input = S3Place.Of(objects.Bucket, $"{workspace.Deployment.Prefix}/async/input/{Digest.Of(request.Body.Span)}");
        AtomicFile.Write(objects.PathOf(input), request.Body.ToArray());
        using var message = new HttpRequestMessage(HttpMethod.Post, url);
        message.Headers.TryAddWithoutValidation("X-Amzn-SageMaker-InputLocation", input);
        message.Headers.TryAddWithoutValidation("X-Amzn-SageMaker-Content-Type", request.ContentType);
        if (request.Accept is not null)
            message.Headers.TryAddWithoutValidation("X-Amzn-SageMaker-Accept", request.Accept);
        var clock = Stopwatch.StartNew();
        using var accepted = await server.InvokeAsync(message, cancellation);
        if (accepted.StatusCode != HttpStatusCode.Accepted)
            return new InvokeResult((int)accepted.StatusCode, "application/json", await accepted.Content.ReadAsByteArrayAsync(cancellation), clock.Elapsed);
        var places = new[] { (Header: "OutputLocation", Status: HttpStatusCode.OK), (Header: "FailureLocation", Status: HttpStatusCode.FailedDependency) }
            .Select(p => (Path: objects.PathOf(accepted.Headers.GetValues("X-Amzn-SageMaker-" + p.Header).Single()), p.Status)).ToList();
        while (clock.Elapsed < AsyncPatience)
        {
            if (places.FirstOrDefault(p => File.Exists(p.Path)) is { Path: { } path, Status: var status })
                return new InvokeResult((int)status, request.Accept ?? "", await File.ReadAllBytesAsync(path, cancellation), clock.Elapsed);
            await Task.Delay(AsyncPause, cancellation);
        }

        throw LocalErrors.NoAnswer(stage.Name, places[0].Path).ToException();
    }

    private StageState State(Stage stage, EndpointRow row, bool healthy, string url)
    {
        var settings = Json.Canonical(row.Config);
        return new StageState(row.Version, url, healthy, settings == Json.Canonical(Document(stage, refuseMissing: false)), settings);
    }

    private static string Url(Stage stage, ServerState server) =>
        server.InvocationUrl(stage.EndpointName, stage.Endpoint is EndpointKind.Async ? "async-invocations" : "invocations");

    /// <summary>Where the predictions of a stage of batches alone come to lie.</summary>
    private static string BatchOutput(Stage stage) => stage.Batch?.Transform["TransformOutput"]?["S3OutputPath"]?.ToString() ?? "";

    /// <summary>Refuses versions by number that are not there, before anything begins.</summary>
    public void CheckVersions()
    {
        foreach (var stage in workspace.Deployment.Stages)
        {
            if (stage.FurtherVersions.FirstOrDefault(f => char.IsAsciiDigit(f.Version[0]) && Number(stage, f.Version) is null) is { } missing)
                throw workspace.At(LocalErrors.NoFurtherVersion(stage.Name, missing.Variant, missing.Version), stage.Place).ToException();
        }
    }

    private JsonObject Document(Stage stage, bool refuseMissing)
    {
        var versions = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var further in stage.FurtherVersions)
        {
            if (Number(stage, further.Version) is { } number)
                versions[further.Variant] = number;
            else if (refuseMissing)
                throw LocalErrors.NoFurtherVersion(stage.Name, further.Variant, further.Version).ToException();
        }

        return EndpointSettings.Document(stage, versions, ProgramSettings.Of(workspace, environments.Interpreters(workspace)));
    }

    /// <summary>The version that 'approved', 'latest' or a number means now, of those that nobody has rejected, for all or for this stage; null: there is none.</summary>
    private int? Number(Stage stage, string version)
    {
        var open = registry.Models.List(Group).Where(v => v.Status != "Rejected" && registry.Models.Decision(Group, v.Version, stage.Name)?.Decision != "Rejected");
        return version switch
        {
            "approved" => open.FirstOrDefault(v => v.Status == "Approved")?.Version,
            "latest" => open.FirstOrDefault()?.Version,
            _ => open.FirstOrDefault(v => v.Version == int.Parse(version, CultureInfo.InvariantCulture))?.Version,
        };
    }
}
