using System.Globalization;
using Amazon.SageMaker;
using Mlops.Definitions;
using Mlops.Platform.Aws.Registry;

namespace Mlops.Platform.Aws.Stages;

/// <summary>Registered versions as stages serve them: where they are registered, or copied to where the stage is.</summary>
internal sealed class StagePackages(Workspace workspace, BuildSite site, SageMakerModels models, RegionalVersions regional)
{
    private string Group => workspace.Deployment.ModelPackageGroupName;

    /// <summary>model-package/GROUP/VERSION; of a stage elsewhere, earlier ones of this SDK made model-package/NAME-VERSION.</summary>
    public static int VersionOf(string package) => int.TryParse(package[(package.LastIndexOfAny(['/', '-']) + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : throw AwsErrors.NotOurVersion(package).ToException();

    /// <summary>The package of a version where the stage is, as it is or would be.</summary>
    public async Task<ServedPackage> GetAsync(Stage stage, int version, CancellationToken cancellation) =>
        await FindAsync(stage, version, cancellation) ?? throw PlatformErrors.UnknownVersion(Group, version, PlatformNames.Aws).ToException();

    /// <summary>Null: the registry no longer has the version.</summary>
    public async Task<ServedPackage?> FindAsync(Stage stage, int version, CancellationToken cancellation)
    {
        var arn = models.ArnOf(Group, version);
        if (await models.PackageAsync(arn, cancellation) is not { InferenceSpecification.Containers: { } containers })
            return null;
        if (await regional.FindAsync(stage, Group, version, cancellation) is { } copy)
            return new ServedPackage(arn, copy.Bucket, ServedPackage.ContainersOf(copy.Containers));
        return new ServedPackage(arn, await ModelBucketAsync(version, cancellation), ServedPackage.ContainersOf(containers));
    }

    /// <summary>Makes what a version is made of be where the stage is.</summary>
    public async Task<ServedPackage> BringAsync(Stage stage, int version, CancellationToken cancellation)
    {
        if (await regional.FindAsync(stage, Group, version, cancellation) is { } copy)
            await regional.PutAsync(stage, copy, cancellation);
        return await GetAsync(stage, version, cancellation);
    }

    /// <summary>The bucket of this project that the version lies in, which may be another than today's. A model that was brought from elsewhere has a permission of its own.</summary>
    private async Task<string> ModelBucketAsync(int version, CancellationToken cancellation) =>
        (await models.FindAsync(Group, version, cancellation))?.ModelDataUrl is { } url && Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme == "s3"
        && uri.AbsolutePath.StartsWith($"/{workspace.Deployment.Prefix}/", StringComparison.Ordinal) ? uri.Host : site.Objects.Bucket;

    /// <summary>Packages of the versions beside the one that is deployed, by their parameters.</summary>
    /// <param name="package">The package of a version where the stage is.</param>
    public async Task<IReadOnlyDictionary<string, ServedPackage>> FurtherAsync(Stage stage, Func<Stage, int, CancellationToken, Task<ServedPackage>> package, CancellationToken cancellation)
    {
        var found = new Dictionary<string, ServedPackage>(StringComparer.Ordinal);
        foreach (var further in stage.FurtherVersions)
            found[further.Parameter] = await package(stage, await NumberAsync(stage, further.Version, cancellation), cancellation);
        return found;
    }

    /// <summary>The version that 'approved', 'latest' or a number means now, of those that nobody has rejected, for all or for this stage.</summary>
    private async Task<int> NumberAsync(Stage stage, string version, CancellationToken cancellation)
    {
        var (status, isNamed) = (version == "approved" ? ModelApprovalStatus.Approved : null, version is "approved" or "latest");
        var first = isNamed ? await models.NewestAsync(Group, status, cancellation) : int.Parse(version, CultureInfo.InvariantCulture);
        if (first is { } number && await IsOpenAsync(number))
            return number;
        // The newest one is kept out: of those before it, one by one.
        foreach (var earlier in isNamed && first is not null ? await models.ListAsync(Group, cancellation) : [])
        {
            if ((status is null || earlier.Status == status.Value) && await IsOpenAsync(earlier.Version))
                return earlier.Version;
        }

        throw AwsErrors.NoSuchVersion(stage.Name, version).ToException();

        async Task<bool> IsOpenAsync(int candidate) => await models.FindAsync(Group, candidate, cancellation) is { Status: not "Rejected" }
            && (await models.DecisionAsync(Group, candidate, stage.Name, cancellation))?.Decision != "Rejected";
    }
}
