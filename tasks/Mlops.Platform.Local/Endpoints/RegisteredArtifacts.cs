using Mlops.Platform.Local.Execution;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>Whether a version's archives are still those that were registered.</summary>
internal static class RegisteredArtifacts
{
    /// <summary>Refuses a version that is not there, or whose archives have changed since.</summary>
    public static void Check(LocalRegistry registry, LocalObjectStore objects, string group, int number)
    {
        var version = registry.Models.Find(group, number) ?? throw PlatformErrors.UnknownVersion(group, number).ToException();
        if (ContentHash.Of(objects.ExistingPathOf(version.ModelDataUrl)) != version.Sha256)
            throw LocalErrors.ArtifactChanged(version.ModelDataUrl).ToException();
        // Those of containers before and behind the model were hashed when it was registered.
        foreach (var url in ProcessingJob.Items(registry.Models.Request(group, number)["InferenceSpecification"]?["Containers"]).Select(c => c["ModelDataUrl"]).OfType<System.Text.Json.Nodes.JsonNode>().Select(StepContext.Text).Where(u => u != version.ModelDataUrl))
        {
            if (!objects.IsIntact(url))
                throw LocalErrors.ArtifactChanged(url).ToException();
        }
    }
}
