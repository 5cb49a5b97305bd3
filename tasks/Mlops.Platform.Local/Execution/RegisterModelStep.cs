using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Models;

namespace Mlops.Platform.Local.Execution;

/// <summary>RegisterModel and Model: records in the registry, no job.</summary>
internal static class RegisterModelStep
{
    /// <summary>Registers the model once: equal content (model, code, settings) is the version that is there.</summary>
    /// <param name="parents">What it was made of, as lineage nodes.</param>
    public static StepOutcome Register(StepContext step, IReadOnlyDictionary<string, double> metrics, IEnumerable<string> parents)
    {
        var request = step.Arguments;
        var group = ResourceNames.GroupOf(Json.Text(request["ModelPackageGroupName"]));
        if (!ResourceNames.IsGroup(group))
            throw new DefinitionException($"'{group}' cannot be the name of a model package group: it has 1 to 63 letters and digits, with hyphens between them.");
        var containers = Json.Objects(request["InferenceSpecification"]?["Containers"]).ToList();
        if (containers.Count == 0)
            throw new DefinitionException($"'{step.Step.Name}' has no InferenceSpecification with a container.");
        // The model's own, of containers before and behind it as well: the one that training made, or the only one.
        var urls = containers.Select(ModelData.UrlOf).OfType<string>().ToList();
        if (urls.Count == 0)
            throw new DefinitionException($"'{step.Step.Name}' has no container with a model (ModelDataUrl or ModelDataSource).");
        foreach (var archive in urls)
            step.Objects.HashOf(archive);
        var url = urls.FirstOrDefault(u => u.Contains("/output/model", StringComparison.Ordinal)) ?? urls[0];
        var hash = step.Objects.HashOf(url);
        // What was measured of a model, and which run made it, does not make it another one.
        var identity = (JsonObject)request.DeepClone();
        identity.Remove("ModelMetrics");
        if (identity["DriftCheckBaselines"] is JsonObject baselines && baselines.Remove("ModelQuality") && baselines.Count == 0)
            identity.Remove("DriftCheckBaselines");
        identity.Remove("MetadataProperties");
        var fingerprint = Digest.Of(Json.Canonical(StepFingerprint.ByContent(identity, step.Objects)));
        var (version, status, isNew) = step.Registry.Models.Register(group, fingerprint, url, hash, request, metrics, step.ExecutionId, parents);
        step.Events.Add(new ModelRegistered(group, version, status, isNew));
        var properties = (JsonObject)request.DeepClone();
        properties["ModelPackageVersion"] = version;
        properties["ModelPackageArn"] = LocalArn.Of("model-package", string.Create(CultureInfo.InvariantCulture, $"{group}/{version}"));
        properties["ModelApprovalStatus"] = status;
        properties["ModelPackageStatus"] = "Completed";
        return new StepOutcome(properties);
    }

    public static StepOutcome CreateModel(StepContext step)
    {
        var properties = (JsonObject)step.Arguments.DeepClone();
        properties["ModelName"] = step.Arguments["ModelName"]?.DeepClone() ?? step.JobName;
        properties["ModelArn"] = LocalArn.Of("model", properties["ModelName"]!.ToString());
        var given = Json.Objects(step.Arguments["Containers"]).Append(step.Arguments["PrimaryContainer"] as JsonObject).OfType<JsonObject>().ToList();
        var containers = given.SelectMany(c => Containers(step, c)).ToList();
        foreach (var container in containers)
        {
            if (ModelData.UrlOf(container) is { } url)
                step.Objects.ExistingPathOf(url);
        }

        if (given.Any(c => c["ModelPackageName"] is not null))
        {
            properties.Remove("PrimaryContainer");
            properties["Containers"] = new JsonArray([.. containers.Select(c => c.DeepClone())]);
        }

        return new StepOutcome(properties);
    }

    /// <summary>A container as it is given; or those of a registered version (ModelPackageName), with the environment that is given beside it.</summary>
    private static IEnumerable<JsonObject> Containers(StepContext step, JsonObject container)
    {
        if (container["ModelPackageName"] is not { } package)
            return [container];
        var name = Json.Text(package);
        // An ARN ends in GROUP/VERSION, whatever account it names.
        if (name.Split('/') is not [.., var group, var number] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var version) || step.Registry.Models.Find(group, version) is null)
            throw LocalErrors.ModelPackageNotHere(step.Step.Name, name).ToException();
        return Json.Objects(step.Registry.Models.Request(group, version)["InferenceSpecification"]?["Containers"]).Select(own =>
        {
            var all = (JsonObject)own.DeepClone();
            var environment = all["Environment"] as JsonObject ?? [];
            foreach (var (variable, value) in container["Environment"] as JsonObject ?? [])
                environment[variable] = value?.DeepClone();
            all["Environment"] = environment.DeepClone();
            return all;
        });
    }
}
