using Mlops.Definitions;
using Mlops.Platform.Local.Models;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>Whether a version's archives, of models and of code, are still those that were registered.</summary>
internal static class RegisteredArtifacts
{
    /// <summary>Refuses a version that is not there, or whose archives have changed since.</summary>
    public static void Check(LocalRegistry registry, LocalObjectStore objects, string group, int number)
    {
        var version = registry.Models.Find(group, number) ?? throw PlatformErrors.UnknownVersion(group, number, PlatformNames.Local).ToException();
        if (ContentHash.Of(objects.ExistingPathOf(version.ModelDataUrl)) != version.Sha256)
            throw LocalErrors.ArtifactChanged(version.ModelDataUrl).ToException();
        foreach (var container in Json.Objects(registry.Models.Request(group, number)["InferenceSpecification"]?["Containers"]))
        {
            // Those of containers before and behind the model were hashed when it was registered.
            if (ModelData.UrlOf(container) is { } model && model != version.ModelDataUrl && !objects.IsIntact(model))
                throw LocalErrors.ArtifactChanged(model).ToException();
            var code = Json.Text(container["Environment"]?["SAGEMAKER_SUBMIT_DIRECTORY"]);
            if (S3Place.IsOne(code) && !objects.IsWhatItsKeySays(code))
                throw LocalErrors.ArtifactChanged(code).ToException();
        }
    }
}
