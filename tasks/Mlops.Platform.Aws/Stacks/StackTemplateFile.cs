using System.Text;
using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>
/// A template as it is sent: without white space, and with its hash as an output. One request then tells whether a stack differs. (A tag would do so, too, but CloudFormation
/// hands a stack's tags on to every resource, so that each edit would change all of them.)
/// </summary>
internal sealed class StackTemplateFile
{
    public const string HashOutput = "TemplateSha256";

    /// <summary>CloudFormation takes no more in a request; larger ones come from a bucket.</summary>
    public const int MostInlineBytes = 51_200;

    private const string ModelType = "AWS::SageMaker::Model";

    /// <summary>Of a model: the ARN of the version that it is made of.</summary>
    private const string PackageTag = "mlops:model-package";

    private const string ScalableTarget = "AWS::ApplicationAutoScaling::ScalableTarget";

    private readonly JsonObject json;

    /// <param name="isWhole">Else it has no outputs: an import changes none.</param>
    private StackTemplateFile(JsonObject json, bool isWhole = true)
    {
        this.json = json;
        Source = json.ToJsonString();
        Sha256 = Digest.Of(Source);
        Body = Source;
        if (!isWhole)
            return;
        var sent = (JsonObject)json.DeepClone();
        var outputs = sent["Outputs"] as JsonObject ?? [];
        sent["Outputs"] = outputs;
        outputs[HashOutput] = new JsonObject { ["Description"] = "The SHA-256 of this template, without this output.", ["Value"] = Sha256 };
        Body = sent.ToJsonString();
    }

    public string Sha256 { get; }

    /// <summary>As it was built, without white space.</summary>
    public string Source { get; }

    public string Body { get; }

    public bool FitsInRequest => Encoding.UTF8.GetByteCount(Body) <= MostInlineBytes;

    public IEnumerable<string> Parameters => json["Parameters"]?.AsObject().Select(p => p.Key) ?? [];

    /// <summary>Logical ids and types.</summary>
    public IEnumerable<(string Id, string Type)> Resources => json["Resources"]!.AsObject().Select(r => (r.Key, r.Value!["Type"]!.ToString()));

    public IReadOnlyDictionary<string, string> Defaults =>
        (json["Parameters"]?.AsObject() ?? []).Where(p => p.Value!["Default"] is not null).ToDictionary(p => p.Key, p => p.Value!["Default"]!.ToString(), StringComparer.Ordinal);

    public static StackTemplateFile Read(string artifacts, string name)
    {
        var file = Path.Combine(artifacts, ArtifactFiles.Template(name));
        return File.Exists(file) ? Parse(File.ReadAllBytes(file), Path.GetFileName(file)) : throw AwsErrors.ArtifactMissing(Path.GetFileName(file)).ToException();
    }

    public static StackTemplateFile Parse(byte[] source, string what) => new(Json.ReadObject(source, what));

    /// <summary>Whether variants of its endpoint are registered with Application Auto Scaling.</summary>
    /// <param name="given">Values of parameters; the others have their defaults.</param>
    public bool IsScaled(IReadOnlyDictionary<string, string> given) => Made(new TemplateScope(json, given), ScalableTarget).Any();

    /// <summary>The instance types of its endpoint's variants, by their names.</summary>
    /// <param name="given">Values of parameters; the others have their defaults.</param>
    public IReadOnlyDictionary<string, string> Variants(IReadOnlyDictionary<string, string> given)
    {
        var scope = new TemplateScope(json, given);
        return Made(scope, "AWS::SageMaker::EndpointConfig").SelectMany(c => Json.Objects(scope.Chosen(c["Properties"]!["ProductionVariants"])))
            .ToDictionary(v => scope.Text(v["VariantName"])!, v => scope.Text(v["InstanceType"]) ?? "", StringComparer.Ordinal);
    }

    /// <summary>The resources of a type that are made.</summary>
    private IEnumerable<JsonNode> Made(TemplateScope scope, string type) => json["Resources"]!.AsObject().Select(r => r.Value!).Where(r => r["Type"]!.ToString() == type && scope.Has(r));

    /// <summary>
    /// The same with plain names for what outlives its stack. CloudFormation takes over what an earlier stack left only under a name without functions ("Import AWS resources
    /// automatically": "Dynamic names (using !Ref or other functions) are not currently supported").
    /// </summary>
    /// <param name="given">Values of parameters and pseudo parameters; the others have their defaults.</param>
    public StackTemplateFile WithNames(IReadOnlyDictionary<string, string> given)
    {
        var named = (JsonObject)json.DeepClone();
        var scope = new TemplateScope(json, given);
        foreach (var properties in named["Resources"]!.AsObject().Select(r => r.Value!).Where(IsRetained).Select(r => r["Properties"]!.AsObject()))
        {
            foreach (var (property, value) in properties.Where(p => p.Key.EndsWith("Name", StringComparison.Ordinal) && p.Value is JsonObject).ToList())
                properties[property] = scope.Text(value) is { } text && !text.Contains("${", StringComparison.Ordinal) ? text : value?.DeepClone();
        }

        return new StackTemplateFile(named);
    }

    /// <summary>What stays when its stack goes.</summary>
    private static bool IsRetained(JsonNode resource) => resource["DeletionPolicy"]?.ToString().StartsWith("Retain", StringComparison.Ordinal) == true;

    /// <summary>One resource, as an import takes it: with its name, and nothing around it.</summary>
    public StackTemplateFile Alone(string resource, string nameProperty)
    {
        var alone = json["Resources"]![resource]!.DeepClone().AsObject();
        alone["Properties"] = new JsonObject { [nameProperty] = alone["Properties"]![nameProperty]!.DeepClone() };
        return new StackTemplateFile(new JsonObject { ["Resources"] = new JsonObject { [resource] = alone } }, isWhole: false);
    }

    /// <summary>The same without autoscaling, and without the alarms that only act on its policies.</summary>
    public StackTemplateFile WithoutScaling()
    {
        var still = (JsonObject)json.DeepClone();
        var resources = still["Resources"]!.AsObject();
        var gone = Resources.Where(r => r.Type.StartsWith("AWS::ApplicationAutoScaling::", StringComparison.Ordinal)).Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
        gone.UnionWith(resources.Where(r => Json.Objects(r.Value!["Properties"]?["AlarmActions"]).Any(a => a["Ref"]?.ToString() is { } acts && gone.Contains(acts))).Select(r => r.Key).ToList());
        foreach (var id in gone)
            resources.Remove(id);
        return new StackTemplateFile(still);
    }

    /// <summary>
    /// The same with models of containers in place of models of packages. SageMaker makes a model of a version that is approved alone ("For versioned models, the value of this parameter must be set to
    /// Approved to deploy the model", CreateModelPackage), and of packages of its own region; a version is to be tried before anyone approves it, and elsewhere.
    /// </summary>
    /// <param name="containers">Of each version, by the parameter that names its package.</param>
    public StackTemplateFile WithContainers(IReadOnlyDictionary<string, JsonArray> containers)
    {
        var whole = (JsonObject)json.DeepClone();
        foreach (var model in whole["Resources"]!.AsObject().Select(r => r.Value!).Where(r => r["Type"]!.ToString() == ModelType).Select(r => r["Properties"]!.AsObject()))
        {
            if (model["PrimaryContainer"] is not JsonObject package || package["ModelPackageName"]?["Ref"]?.ToString() is not { } parameter || !containers.TryGetValue(parameter, out var known))
                continue;
            var all = known.Select(c => WithEnvironment((JsonObject)c!.DeepClone(), package["Environment"] as JsonObject)).ToArray();
            model.Remove("PrimaryContainer");
            if (all is [var only])
                model["PrimaryContainer"] = only;
            else
                model["Containers"] = new JsonArray([.. all]);
            // Which version it is shows in the console, too.
            var tags = model["Tags"] as JsonArray ?? [];
            model["Tags"] = tags;
            tags.Add(new JsonObject { ["Key"] = PackageTag, ["Value"] = new JsonObject { ["Ref"] = parameter } });
        }

        return new StackTemplateFile(whole);
    }

    /// <summary>What the stage says of a variable goes before what the version says.</summary>
    private static JsonObject WithEnvironment(JsonObject container, JsonObject? stage)
    {
        var environment = container["Environment"] as JsonObject ?? [];
        foreach (var (name, value) in stage ?? [])
            environment[name] = value?.DeepClone();
        container.Remove("Environment");
        if (environment.Count > 0)
            container["Environment"] = new JsonObject(environment.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => KeyValuePair.Create(e.Key, e.Value?.DeepClone())));
        return container;
    }

    /// <summary>Rules that wait for new objects, each with the bucket that it names.</summary>
    public IEnumerable<(string Rule, string Bucket)> WatchedBuckets =>
        from resource in json["Resources"]!.AsObject()
        where resource.Value!["Type"]!.ToString() == "AWS::Events::Rule"
        from bucket in Json.Texts(resource.Value["Properties"]?["EventPattern"]?["detail"]?["bucket"]?["name"])
        select (resource.Key, bucket);

    /// <summary>The bucket with its policy, and the group that may be the stack's already: a template that is too large for a request needs a bucket to come from.</summary>
    public StackTemplateFile BucketAlone()
    {
        var small = (JsonObject)json.DeepClone();
        small.Remove("Metadata");
        Keep(small["Resources"], StackContract.BucketOutput, "BucketPolicy", StackContract.GroupResource);
        Keep(small["Outputs"], StackContract.BucketOutput);
        return new StackTemplateFile(small);

        static void Keep(JsonNode? from, params string[] names)
        {
            foreach (var name in from?.AsObject().Select(m => m.Key).Except(names).ToList() ?? [])
                from!.AsObject().Remove(name);
        }
    }
}
