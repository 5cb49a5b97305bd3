using System.Text.Json.Nodes;
using Mlops.Compilation.Pipeline;
using Mlops.Compilation.Planning;
using Mlops.Compilation.Stacks;
using Mlops.Configuration.Model;
using Mlops.Definitions;

namespace Mlops.Compilation;

/// <summary>A stage of deployment.json: the same shapes as in the templates, with the values in place of their parameters.</summary>
internal sealed class StageEmitter(ModelPlan plan, PlannedStage stage)
{
    private readonly LiteralValues values = new($"{plan.ModelName}-{stage.Name}");

    public Stage Emit() => new()
    {
        Name = stage.Name,
        Approval = stage.Approval == Approval.Manual ? StageApproval.Manual : StageApproval.Automatic,
        EndpointName = values.EndpointName,
        Endpoint = stage.Endpoint?.Kind,
        EndpointConfig = stage.Endpoint is { } endpoint ? new EndpointShape(plan, stage, values).Config(endpoint) : null,
        DeploymentConfig = stage.Endpoint is RealtimeEndpoint { Rollout: { } rollout } ? EndpointShape.Rollout(rollout) : null,
        ScalesToZero = stage.Endpoint is AsyncEndpoint { Autoscaling.Min: 0 },
        Alarms = stage.Alarms is { } alarms ? new StageAlarms { P99Milliseconds = alarms.P99Milliseconds, ErrorRate = alarms.ErrorRate } : null,
        Batch = stage.Batch is { } batch ? EmitBatch(batch) : null,
        Stream = stage.Stream is { } stream ? new StageStream(NameOf(stream.Source), NameOf(stream.Destination))
        {
            Failures = stream.OnFailure is { } failures ? NameOf(failures) : null,
            FromOldest = stream.FromOldest,
            BatchSize = stream.BatchSize,
            BatchWindowSeconds = stream.BatchWindowSeconds,
            ContentType = plan.Inference.ContentTypes[0],
            Accept = plan.Inference.ResponseTypes[0],
        } : null,
        Environment = stage.Environment,
        Aws = DeploymentEmitter.Place(stage.Aws),
        FurtherVersions = [.. EndpointShape.Further(stage.Endpoint).Select(f => new FurtherVersion(f.Variant, EndpointResources.VersionParameter(f.Model), f.Version))],
        Tests = [.. stage.Tests.Select(t => new StageTest(DeploymentEmitter.Place(t.Place))
        {
            Payload = t.Payload,
            ContentType = t.ContentType,
            ExpectStatus = t.ExpectStatus,
            MaxLatencyMilliseconds = t.MaxLatencyMilliseconds,
            Command = t.Command,
        })],
        Place = DeploymentEmitter.Place(stage.Place),
    };

    private StageBatch EmitBatch(PlannedBatch batch)
    {
        var transform = TransformShape.Arguments(
            values.EndpointName, batch.Input, batch.Output, plan.Inference.ContentTypes[0], plan.Inference.Accept(plan.Inference.ContentTypes[0], batch.Join),
            batch.Split, batch.Records, batch.Join, batch.Filter, batch.OutputFilter, batch.Instance, kmsKey: null);
        transform.Remove("ModelName"); // That of the version that is deployed.
        return new StageBatch(transform) { Schedule = batch.Schedule, OnNewData = batch.OnNewData };
    }

    /// <summary>The resource's own name, at the end of its ARN.</summary>
    private static string NameOf(string arn) => arn[(arn.LastIndexOfAny(['/', ':']) + 1)..];

    private sealed class LiteralValues(string endpointName) : PlaceValues
    {
        public override string EndpointName => endpointName;

        public override JsonNode? Key => null;

        public override JsonNode Number(string parameter, string description, long value) => value;

        public override JsonNode Text(string parameter, string description, string value) => value;

        public override JsonNode Location(string uri) => uri;

        public override JsonNode? ModelName(string model) => null;
    }
}
