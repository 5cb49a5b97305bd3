using System.Globalization;
using Amazon.ECR.Model;
using Amazon.SageMaker.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Storage;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Registry;

/// <summary>Versions as another region serves them: archives and images are of the region alone that a model is made in, so a stage elsewhere has copies of them in its bucket.</summary>
internal sealed class RegionalVersions(AwsAccess access, BuildSite site, SageMakerModels models, Workspace workspace, IEventSink events)
{
    private const int HashCharacters = 8;

    /// <summary>The variable by which SageMaker's toolkits find the code.</summary>
    private const string CodeVariable = "SAGEMAKER_SUBMIT_DIRECTORY";

    private DeploymentDefinition Deployment => workspace.Deployment;

    /// <summary>What a version is made of there; null: the stage is where it is registered, or there is no such version. Nothing is made.</summary>
    public async Task<RegionalVersion?> FindAsync(Stage stage, string group, int version, CancellationToken cancellation)
    {
        var there = await access.OpenAsync(stage.Aws, cancellation);
        if (there.Region.SystemName == site.Clients.Region.SystemName || await models.PackageAsync(models.ArnOf(group, version), cancellation) is not { InferenceSpecification.Containers: { } originals } package)
            return null;
        // Numbers begin anew where a group was deleted; a copy is encrypted by one key.
        var hash = Digest.Of(string.Create(CultureInfo.InvariantCulture, $"{group} {version} {package.CreationTime?.Ticks} {stage.Aws.KmsKey}"));
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{Deployment.Prefix}/copies/{hash[..HashCharacters]}-{version}");
        var copies = new Dictionary<string, string>(StringComparer.Ordinal);
        List<ModelPackageContainerDefinition> containers = [.. originals.Select(c => new ModelPackageContainerDefinition
        {
            ContainerHostname = c.ContainerHostname,
            Image = ImageIn(there, c.Image),
            ModelDataUrl = c.ModelDataUrl is { } archive ? Copy(archive) : null,
            ModelDataSource = c.ModelDataSource, // Of another region: it is refused before anything is made of it.
            Environment = c.Environment?.ToDictionary(e => e.Key, e => e.Key == CodeVariable && S3Place.IsOne(e.Value) ? Copy(e.Value) : e.Value),
        })];
        return new RegionalVersion(stage.Aws.Bucket!, containers, copies);

        string Copy(string uri)
        {
            var key = copies[uri] = $"{prefix}/{Digest.Of(uri)[..HashCharacters]}/{ResourceNames.LastPart(uri)}";
            return S3Place.Of(stage.Aws.Bucket!, key);
        }
    }

    /// <summary>Makes what it is made of be there.</summary>
    public async Task PutAsync(Stage stage, RegionalVersion version, CancellationToken cancellation)
    {
        var there = await access.OpenAsync(stage.Aws, cancellation);
        if (version.Containers.FirstOrDefault(c => c.ModelDataUrl is null && c.ModelDataSource?.S3DataSource is not null) is { } loose)
            throw workspace.At(AwsErrors.LooseModelElsewhere(stage.Name, loose.ModelDataSource.S3DataSource.S3Uri, there.Region.SystemName), stage.Place).ToException();
        foreach (var image in version.Containers.Select(c => c.Image).Distinct(StringComparer.Ordinal))
            await CheckAsync(there, stage, image, cancellation);
        var copier = new ObjectCopier(site.Clients, there, version.Bucket, (await there.IdentityAsync(cancellation)).Account, stage.Aws.KmsKey);
        foreach (var (uri, key) in version.Copies)
        {
            if (await copier.CopyAsync(uri, key, cancellation))
                events.Add(new Notice($"{stage.Name}: copied {uri} to {there.Region.SystemName}"));
        }
    }

    /// <summary>SageMaker's images are of an account for each region, also those of versions before today's; those of a repository of one's own are replicated under the same name.</summary>
    private string ImageIn(AwsClients there, string image)
    {
        var (home, region) = (site.Clients.Region, there.Region);
        var account = image.Split('.')[0];
        if (image.Split('/') is not [var host, ..] || host != $"{account}.dkr.ecr.{home.SystemName}.{home.PartitionDnsSuffix}")
            return image;
        if (Deployment.Images.FirstOrDefault(i => i.Accounts?.GetValueOrDefault(home.SystemName) == account) is { } published)
            account = published.Accounts!.GetValueOrDefault(region.SystemName) ?? throw AwsErrors.NoImage(published.Parameter, published.Framework, region.SystemName).ToException();
        return $"{account}.dkr.ecr.{region.SystemName}.{region.PartitionDnsSuffix}{image[host.Length..]}";
    }

    private async Task CheckAsync(AwsClients there, Stage stage, string image, CancellationToken cancellation)
    {
        if (image.Split('/', 2) is not [var host, var path] || host.Split('.') is not [var account, "dkr", "ecr", ..] || Deployment.Images.Any(i => i.Accounts?.GetValueOrDefault(there.Region.SystemName) == account))
            return;
        var (repository, id) = path.Split('@') is [var name, var digest] ? (name.Split(':')[0], new ImageIdentifier { ImageDigest = digest })
            : path.Split(':') is [var named, var tag] ? (named, new ImageIdentifier { ImageTag = tag }) : (path, new ImageIdentifier { ImageTag = "latest" });
        try
        {
            await there.Ecr.DescribeImagesAsync(new DescribeImagesRequest { RegistryId = account, RepositoryName = repository, ImageIds = [id] }, cancellation);
        }
        catch (Exception e) when (e is ImageNotFoundException or RepositoryNotFoundException)
        {
            throw workspace.At(AwsErrors.ImageElsewhere(stage.Name, image, there.Region.SystemName, site.Clients.Region.SystemName), stage.Place).ToException();
        }
        catch (Amazon.ECR.AmazonECRException e) when (Failures.IsDenied(e))
        {
            // Who may run an image need not be allowed to look at it.
        }
    }
}

/// <summary>A version in the region of a stage.</summary>
/// <param name="Bucket">That holds its copies.</param>
/// <param name="Containers">With the places of the copies, and images of that region.</param>
/// <param name="Copies">Their keys by the URI that each is a copy of.</param>
internal sealed record RegionalVersion(string Bucket, IReadOnlyList<ModelPackageContainerDefinition> Containers, IReadOnlyDictionary<string, string> Copies);
