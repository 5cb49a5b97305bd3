using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>An endpoint with its configuration, scaling and alarms.</summary>
internal sealed class EndpointResources(ModelPlan plan, PlannedStage stage, StackTemplate template, Action<string, string, string> addModel)
{
    /// <summary>The output that says by which mode the endpoint serves: SageMaker changes none into another.</summary>
    private const string Mode = StackContract.EndpointModeOutput;

    private JsonObject EndpointName => Cfn.Sub(DeployStack.StageName(plan));

    /// <summary>The parameter that takes a further version's model package, by its model.</summary>
    public static string VersionParameter(string model) => model.StartsWith("Model", StringComparison.Ordinal) ? $"{StackContract.PackageParameter}{model["Model".Length..]}" : $"{model}PackageArn";

    public void Add(PlannedEndpoint endpoint)
    {
        var shape = new EndpointShape(plan, stage, new TemplateValues(plan, stage, template));
        foreach (var (variant, model, version) in EndpointShape.Further(endpoint))
        {
            addModel(model, VersionParameter(model), variant == EndpointShape.ShadowVariant
                ? "The version that gets copies of requests: the ARN of its model package."
                : $"Version '{version}', which shares the requests: the ARN of its model package.");
        }

        template.Add("EndpointConfig", "AWS::SageMaker::EndpointConfig", shape.Config(endpoint));
        var variants = EndpointShape.VariantNames(endpoint);
        var alarms = AlarmResources.Add(template, plan, stage, variants);
        var properties = new JsonObject { ["EndpointName"] = EndpointName, ["EndpointConfigName"] = Cfn.GetAtt("EndpointConfig", "EndpointConfigName") };
        if (endpoint is RealtimeEndpoint { Rollout: { } rollout })
        {
            var guarded = EndpointShape.Rollout(rollout);
            if (alarms.Count > 0)
                guarded["AutoRollbackConfiguration"] = new JsonObject { ["Alarms"] = new JsonArray([.. alarms.Select(a => new JsonObject { ["AlarmName"] = Cfn.Ref(a) })]) };
            properties["DeploymentConfig"] = guarded;
        }

        if (Scaling(endpoint) is not null)
        {
            // A new version starts with as many instances as the old one had; weights and capture are what the configuration says.
            properties["RetainAllVariantProperties"] = true;
            properties["ExcludeRetainedVariantProperties"] = new JsonArray(
                new JsonObject { ["VariantPropertyType"] = "DesiredWeight" }, new JsonObject { ["VariantPropertyType"] = "DataCaptureConfig" });
        }

        template.Add("Endpoint", "AWS::SageMaker::Endpoint", properties, AddLogs());
        template.Output(Mode, "How the endpoint serves.", JsonValue.Create(endpoint.Kind.ToString()));
        template.Output("EndpointName", "The name that requests are sent to.", Cfn.GetAtt("Endpoint", "EndpointName"));
        if (Scaling(endpoint) is { } scaling)
            ScalingResources.Add(template, plan, scaling, variants, endpoint is AsyncEndpoint);
    }

    /// <summary>The group of the endpoint's logs, made before the endpoint would make it; it outlives the stack by what is kept in it.</summary>
    private string[] AddLogs()
    {
        if (stage.Aws.LogDays is not { } days)
            return [];
        // An endpoint that is served without it has made the group itself: only what would stay is taken over (ImportExistingResources), then and by the stage's next stack.
        var logs = template.Add("EndpointLogs", "AWS::Logs::LogGroup", new JsonObject { ["LogGroupName"] = Cfn.Sub($"/aws/sagemaker/Endpoints/{DeployStack.StageName(plan)}"), ["RetentionInDays"] = days });
        logs["DeletionPolicy"] = "Retain"; // Also of a first try: they say why it failed.
        logs["UpdateReplacePolicy"] = "Retain";
        return ["EndpointLogs"];
    }

    private static PlannedAutoscaling? Scaling(PlannedEndpoint endpoint) => endpoint switch { RealtimeEndpoint r => r.Autoscaling, AsyncEndpoint a => a.Autoscaling, _ => null };

    private sealed class TemplateValues(ModelPlan plan, PlannedStage stage, StackTemplate template) : PlaceValues
    {
        public override string EndpointName => DeployStack.StageName(plan);

        public override JsonNode? Key => stage.Aws.KmsKey is null ? null : Cfn.Ref(Permissions.KeyParameter);

        public override JsonNode Number(string parameter, string description, long value) => template.Number(parameter, description, value);

        public override JsonNode Text(string parameter, string description, string value) => template.Parameter(parameter, description, value);

        public override JsonNode Location(string uri) => Cfn.Text(uri);

        public override JsonNode? ModelName(string model) => Cfn.GetAtt(model, "ModelName");
    }
}
