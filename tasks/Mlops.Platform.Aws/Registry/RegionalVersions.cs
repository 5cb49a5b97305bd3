using System.Diagnostics;
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
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private DeploymentDefinition Deployment => workspace.Deployment;

    /// <summary>Whether a stage is in another region than the versions.</summary>
    public async Task<bool> IsNeededAsync(Stage stage, CancellationToken cancellation) =>
        (await access.OpenAsync(stage.Aws, cancellation)).Region.SystemName != site.Clients.Region.SystemName;

    /// <summary>What a version is there; null: there is no such version. Nothing is made.</summary>
    public async Task<RegionalVersion?> FindAsync(Stage stage, string group, int version, CancellationToken cancellation)
    {
        if (await models.PackageAsync(models.ArnOf(group, version), cancellation) is not { InferenceSpecification: { } original } package)
            return null;
        var there = await access.OpenAsync(stage.Aws, cancellation);
        // Numbers begin anew where a group was deleted, and a copy lies in one bucket under one key: the name says of which version it is, and where.
        var hash = ContentHash.OfText(string.Create(CultureInfo.InvariantCulture, $"{group} {version} {package.CreationTime?.Ticks} {stage.Aws.Bucket} {stage.Aws.KmsKey}"));
        var name = string.Create(CultureInfo.InvariantCulture, $"{Start(group)}-{hash[..HashCharacters]}-{version}");
        return new RegionalVersion(there.Arn("sagemaker", (await there.IdentityAsync(cancellation)).Account, $"model-package/{name}"), name, stage.Aws.Bucket!, $"{Deployment.Prefix}/copies/{name}", original);
    }

    /// <summary>Makes a version be there.</summary>
    public async Task PutAsync(Stage stage, RegionalVersion version, CancellationToken cancellation)
    {
        var there = await access.OpenAsync(stage.Aws, cancellation);
        var status = await StatusAsync(there, version, cancellation);
        if (status is null)
        {
            var (specification, copies) = Copied(there, version);
            foreach (var image in specification.Containers.Select(c => c.Image).Distinct(StringComparer.Ordinal))
                await CheckAsync(there, stage, image, cancellation);
            var copier = new ObjectCopier(site.Clients, there, version.Bucket, (await there.IdentityAsync(cancellation)).Account, stage.Aws.KmsKey);
            foreach (var (uri, key) in copies)
            {
                if (await copier.CopyAsync(uri, key, cancellation))
                    events.Add(new Notice($"{stage.Name}: copied {uri} to {there.Region.SystemName}"));
            }

            await CreateAsync(there, version, specification, cancellation);
        }

        var (clock, waits) = (Stopwatch.StartNew(), new Waits(LongestPause));
        // What was just made may not be found at once.
        while (status is "Pending" or "InProgress" || (status is null && clock.Elapsed < Grace))
        {
            await waits.WaitAsync(cancellation);
            status = await StatusAsync(there, version, cancellation);
        }

        if (status != "Completed")
            throw AwsErrors.NotCopied(version.Arn, status ?? "not to be found").ToException();
    }

    /// <summary>Takes every version of a group away that was made in another region for its stages.</summary>
    /// <param name="home">The region that the versions are registered in.</param>
    /// <returns>How many went.</returns>
    public static async Task<int> EraseAsync(AwsClients there, string group, string home, CancellationToken cancellation)
    {
        var request = new ListModelPackagesRequest { ModelPackageType = ModelPackageType.Unversioned, NameContains = Start(group) };
        var found = new List<string>();
        do
        {
            var page = await there.SageMaker.ListModelPackagesAsync(request, cancellation);
            found.AddRange((page.ModelPackageSummaryList ?? []).Where(p => p.ModelPackageDescription == Description(group, home)).Select(p => p.ModelPackageArn));
            request.NextToken = page.NextToken;
        }
        while (request.NextToken is not null);
        var erased = 0;
        foreach (var arn in found)
            erased += await SageMakerModels.DeletePackageAsync(there, arn, cancellation) ? 1 : 0;
        return erased;
    }

    private static string Start(string group) => group[..Math.Min(group.Length, MostOfGroup)].TrimEnd('-');

    private static string Description(string group, string home) => $"A version of {group} of {home}.";

    /// <summary>A version of copies, and their keys by the URI that each is a copy of.</summary>
    private (InferenceSpecification Specification, IReadOnlyDictionary<string, string> Copies) Copied(AwsClients there, RegionalVersion version)
    {
        var original = version.Original;
        var copies = new Dictionary<string, string>(StringComparer.Ordinal);
        var specification = new InferenceSpecification
        {
            Containers = [.. original.Containers.Select(c => new ModelPackageContainerDefinition
            {
                ContainerHostname = c.ContainerHostname,
                Image = ImageIn(there, c.Image),
                ModelDataUrl = c.ModelDataUrl is { } archive ? Copy(archive) : null,
                Environment = c.Environment?.ToDictionary(e => e.Key, e => e.Key == CodeVariable && e.Value.StartsWith("s3://", StringComparison.Ordinal) ? Copy(e.Value) : e.Value),
                Framework = c.Framework,
                FrameworkVersion = c.FrameworkVersion,
            })],
            SupportedContentTypes = original.SupportedContentTypes,
            SupportedResponseMIMETypes = original.SupportedResponseMIMETypes,
            SupportedRealtimeInferenceInstanceTypes = original.SupportedRealtimeInferenceInstanceTypes,
            SupportedTransformInstanceTypes = original.SupportedTransformInstanceTypes,
        };
        return (specification, copies);

        string Copy(string uri)
        {
            var key = copies[uri] = $"{version.Prefix}/{ContentHash.OfText(uri)[..HashCharacters]}/{uri[(uri.LastIndexOf('/') + 1)..]}";
            return $"s3://{version.Bucket}/{key}";
        }
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

    private async Task CreateAsync(AwsClients there, RegionalVersion version, InferenceSpecification specification, CancellationToken cancellation)
    {
        try
        {
            await there.SageMaker.CreateModelPackageAsync(new CreateModelPackageRequest
            {
                ModelPackageName = version.Name,
                ModelPackageDescription = Description(Deployment.ModelPackageGroupName, site.Clients.Region.SystemName),
                InferenceSpecification = specification,
                ClientToken = Guid.NewGuid().ToString("N"),
            }, cancellation);
        }
        catch (AmazonSageMakerException e) when (e is ConflictException || e.Message.Contains("already exist", StringComparison.OrdinalIgnoreCase))
        {
            // Another deploy made it meanwhile, or the answer to this one's first request was lost: what it holds is in its name.
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
/// <param name="Arn">Of its model package.</param>
/// <param name="Bucket">That holds its copies.</param>
/// <param name="Prefix">Of their keys.</param>
/// <param name="Original">What it is made of where it is registered.</param>
internal sealed record RegionalVersion(string Arn, string Name, string Bucket, string Prefix, InferenceSpecification Original);
