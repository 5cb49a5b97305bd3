using System.Globalization;
using Amazon.ECR.Model;
using Amazon.SageMaker;
using Amazon.SageMaker.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Storage;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Registry;

/// <summary>
/// Versions as another region serves them. SageMaker makes models of packages, archives and images of the region alone that it is asked in, so a
/// stage elsewhere has a package without a group there, whose name says of which version it is, and copies of what it is made of in its bucket.
/// </summary>
internal sealed class RegionalVersions(AwsAccess access, BuildSite site, SageMakerModels models, Workspace workspace, IEventSink events)
{
    /// <summary>A package's name has 63 characters at most; the rest is the hash and the version.</summary>
    private const int MostOfGroup = 40;

    private const int HashCharacters = 8;

    /// <summary>The variable by which SageMaker's toolkits find the code.</summary>
    private const string CodeVariable = "SAGEMAKER_SUBMIT_DIRECTORY";

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private DeploymentDefinition Deployment => workspace.Deployment;

    /// <summary>Whether a stage is in another region than the versions.</summary>
    public async Task<bool> IsNeededAsync(Stage stage, CancellationToken cancellation) =>
        (await access.OpenAsync(stage.Aws, cancellation)).Region.SystemName != site.Clients.Region.SystemName;

    /// <summary>What a version is there; null: there is no such version. Nothing is made.</summary>
    public async Task<RegionalVersion?> FindAsync(Stage stage, string group, int version, CancellationToken cancellation)
    {
        if (await models.SpecificationAsync(group, version, cancellation) is not { } original)
            return null;
        var there = await access.OpenAsync(stage.Aws, cancellation);
        var copies = new Dictionary<string, string>(StringComparer.Ordinal);
        var specification = new InferenceSpecification
        {
            Containers = [.. original.Containers.Select(c => new ModelPackageContainerDefinition
            {
                ContainerHostname = c.ContainerHostname,
                Image = ImageIn(there, c.Image),
                ModelDataUrl = c.ModelDataUrl is { } archive ? Copied(archive) : null,
                Environment = c.Environment?.ToDictionary(e => e.Key, e => e.Key == CodeVariable && e.Value.StartsWith("s3://", StringComparison.Ordinal) ? Copied(e.Value) : e.Value),
                Framework = c.Framework,
                FrameworkVersion = c.FrameworkVersion,
            })],
            SupportedContentTypes = original.SupportedContentTypes,
            SupportedResponseMIMETypes = original.SupportedResponseMIMETypes,
            SupportedRealtimeInferenceInstanceTypes = original.SupportedRealtimeInferenceInstanceTypes,
            SupportedTransformInstanceTypes = original.SupportedTransformInstanceTypes,
        };
        // Numbers begin anew where a group was deleted: the name says what it holds, too.
        var hash = ContentHash.OfText(string.Join('\n', specification.Containers.Select(c => $"{c.Image} {c.ModelDataUrl} {string.Join(' ', (c.Environment ?? []).OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}={e.Value}"))}")));
        var name = string.Create(CultureInfo.InvariantCulture, $"{group[..Math.Min(group.Length, MostOfGroup)].TrimEnd('-')}-{hash[..HashCharacters]}-{version}");
        return new RegionalVersion(there.Arn("sagemaker", (await there.IdentityAsync(cancellation)).Account, $"model-package/{name}"), name, BucketOf(stage), specification, copies);

        string Copied(string uri)
        {
            var key = $"{Deployment.Prefix}/copies/{ContentHash.OfText(uri)[..32]}/{uri[(uri.LastIndexOf('/') + 1)..]}";
            copies[uri] = key;
            return $"s3://{BucketOf(stage)}/{key}";
        }
    }

    /// <summary>Makes a version be there.</summary>
    public async Task PutAsync(Stage stage, RegionalVersion version, CancellationToken cancellation)
    {
        var there = await access.OpenAsync(stage.Aws, cancellation);
        if (await StatusAsync(there, version, cancellation) is not { } status)
        {
            foreach (var image in version.Specification.Containers.Select(c => c.Image).Distinct(StringComparer.Ordinal))
                await CheckAsync(there, stage, image, cancellation);
            var copier = new ObjectCopier(site.Clients, there, version.Bucket, (await there.IdentityAsync(cancellation)).Account, stage.Aws.KmsKey);
            foreach (var (uri, key) in version.Copies)
            {
                if (await copier.CopyAsync(uri, key, cancellation))
                    events.Add(new Notice($"{stage.Name}: copied {uri} to {there.Region.SystemName}"));
            }

            status = await CreateAsync(there, version, cancellation);
        }

        var waits = new Waits(LongestPause);
        while (status is "Pending" or "InProgress")
        {
            await waits.WaitAsync(cancellation);
            status = await StatusAsync(there, version, cancellation) ?? "Deleting";
        }

        if (status != "Completed")
            throw AwsErrors.NotCopied(version.Arn, status).ToException();
    }

    /// <summary>Null: it is not there.</summary>
    private static async Task<string?> StatusAsync(AwsClients there, RegionalVersion version, CancellationToken cancellation)
    {
        try
        {
            return (await there.SageMaker.DescribeModelPackageAsync(new DescribeModelPackageRequest { ModelPackageName = version.Arn }, cancellation)).ModelPackageStatus?.Value ?? "Completed";
        }
        catch (AmazonSageMakerException e) when (SageMakerModels.IsMissing(e))
        {
            return null;
        }
    }

    private async Task<string> CreateAsync(AwsClients there, RegionalVersion version, CancellationToken cancellation)
    {
        try
        {
            await there.SageMaker.CreateModelPackageAsync(new CreateModelPackageRequest
            {
                ModelPackageName = version.Name,
                ModelPackageDescription = $"A version of {Deployment.ModelPackageGroupName} of {site.Clients.Region.SystemName}.",
                InferenceSpecification = version.Specification,
                ClientToken = Guid.NewGuid().ToString("N"),
            }, cancellation);
        }
        catch (ConflictException)
        {
            // Another deploy made it meanwhile: what it holds is in its name.
        }

        return await StatusAsync(there, version, cancellation) ?? "Pending";
    }

    /// <summary>SageMaker's images are of an account for each region; those of a repository of one's own are replicated under the same name.</summary>
    private string ImageIn(AwsClients there, string image)
    {
        var (home, region) = (site.Clients.Region, there.Region);
        foreach (var known in Deployment.Images.Where(i => i.UriIn(home.SystemName, home.PartitionDnsSuffix) == image))
            return known.UriIn(region.SystemName, region.PartitionDnsSuffix) ?? throw AwsErrors.NoImage(known.Parameter, known.Framework, region.SystemName).ToException();
        return image.Replace($".dkr.ecr.{home.SystemName}.{home.PartitionDnsSuffix}/", $".dkr.ecr.{region.SystemName}.{region.PartitionDnsSuffix}/", StringComparison.Ordinal);
    }

    private async Task CheckAsync(AwsClients there, Stage stage, string image, CancellationToken cancellation)
    {
        if (image.Split('/', 2) is not [var host, var path] || host.Split('.') is not [var account, "dkr", "ecr", ..] || Deployment.Images.Any(i => i.UriIn(there.Region.SystemName, there.Region.PartitionDnsSuffix) == image))
            return;
        var (repository, id) = path.Split('@') is [var name, var digest] ? (name, new ImageIdentifier { ImageDigest = digest })
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

    private static string BucketOf(Stage stage) => stage.Aws.Bucket!;
}

/// <summary>A version in the region of a stage.</summary>
/// <param name="Arn">Of its model package.</param>
/// <param name="Bucket">That holds its copies.</param>
/// <param name="Copies">Keys, by the URI that each is a copy of.</param>
internal sealed record RegionalVersion(string Arn, string Name, string Bucket, InferenceSpecification Specification, IReadOnlyDictionary<string, string> Copies);
