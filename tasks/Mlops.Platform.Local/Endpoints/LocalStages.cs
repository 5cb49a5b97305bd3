using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>Stages as endpoints of this machine's server.</summary>
internal sealed class LocalStages(LocalRegistry registry, ServerClient server, string group, IReadOnlyDictionary<string, string> interpreters) : IStages
{
    public async Task<StageState?> DescribeAsync(Stage stage, CancellationToken cancellation)
    {
        if (registry.Endpoints.Find(stage.EndpointName) is not { } row)
            return null;
        var found = await server.FindAsync(cancellation);
        var healthy = found?.Status.Endpoints.Any(e => e.Endpoint == row.Name && e.Version == row.Version && e.Healthy) == true;
        var settings = Json.Canonical(row.Config);
        return new StageState(row.Version, found?.State.InvocationUrl(row.Name) ?? "", healthy, settings == Json.Canonical(Config(stage)), settings);
    }

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
        settings ??= Json.Canonical(Config(stage));
        var response = await server.DeployAsync(new DeployRequest(stage.EndpointName, stage.Name, version.Group, version.Version, settings), cancellation);
        if (response.Code is not null)
            throw new Problem(response.Code, "Error", response.Message ?? "").ToException();
        var state = await server.EnsureAsync(cancellation);
        return new StageState(version.Version, state.InvocationUrl(stage.EndpointName), Healthy: true, UpToDate: true, settings);
    }

    public Task<bool> DeleteAsync(Stage stage, bool evenProtected, CancellationToken cancellation) => DeleteAsync(stage.EndpointName, cancellation);

    public Task DeleteAsync(OtherEndpoint endpoint, bool evenProtected, CancellationToken cancellation) => DeleteAsync(endpoint.Name, cancellation);

    public Task<IReadOnlyList<OtherEndpoint>> OthersAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<OtherEndpoint>>(
        [.. registry.Endpoints.All().Where(r => stages.All(s => s.EndpointName != r.Name)).Select(r => new OtherEndpoint(r.Name, r.Version))]);

    public async Task<InvokeResult> InvokeAsync(Stage stage, InvokeRequest request, CancellationToken cancellation)
    {
        var found = await server.FindAsync(cancellation) ?? throw LocalErrors.NoEndpoint(stage.EndpointName).ToException();
        using var message = new HttpRequestMessage(HttpMethod.Post, found.State.InvocationUrl(stage.EndpointName)) { Content = new ReadOnlyMemoryContent(request.Body) };
        message.Content.Headers.TryAddWithoutValidation("Content-Type", request.ContentType);
        if (request.Accept is not null)
            message.Headers.TryAddWithoutValidation("Accept", request.Accept);
        var clock = Stopwatch.StartNew();
        using var response = await server.InvokeAsync(message, cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);
        return new InvokeResult((int)response.StatusCode, response.Content.Headers.ContentType?.ToString() ?? "", body, clock.Elapsed);
    }

    public Task<bool> IsTestedAsync(Stage stage, int version, string tests, CancellationToken cancellation) =>
        Task.FromResult(registry.Endpoints.IsTested(stage.EndpointName, group, version, tests));

    public Task MarkTestedAsync(Stage stage, int version, string tests, CancellationToken cancellation)
    {
        registry.Endpoints.MarkTested(stage.EndpointName, group, version, tests);
        return Task.CompletedTask;
    }

    private async Task<bool> DeleteAsync(string endpoint, CancellationToken cancellation)
    {
        var there = registry.Endpoints.Find(endpoint) is not null;
        await server.DeleteAsync(endpoint, cancellation);
        registry.Endpoints.Delete(endpoint);
        return there;
    }

    private JsonObject Config(Stage stage) => new()
    {
        ["Interpreters"] = new JsonObject(interpreters.Select(i => KeyValuePair.Create<string, JsonNode?>(i.Key, i.Value))),
        ["ProductionVariants"] = stage.ProductionVariants.DeepClone(),
        ["Environment"] = new JsonObject(stage.Environment.Select(e => KeyValuePair.Create<string, JsonNode?>(e.Key, e.Value))),
    };
}
