using System.Text;
using Amazon.ECR.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Storage;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Aws.Containers;

/// <summary>The containers of the C# program in ECR. A tag is the hash of what an image holds, so one that is there is not made again; jobs and versions name it by its digest.</summary>
/// <param name="repository">ACCOUNT.dkr.ecr.REGION.HOST/NAME.</param>
internal sealed class ProgramImages(AwsClients clients, Workspace workspace, string repository, DeployLock held, IEventSink events)
{
    private string Name => repository[(repository.IndexOf('/', StringComparison.Ordinal) + 1)..];

    /// <summary>Stored: it is not there yet, and the URI is one that it will have beside its digest's.</summary>
    public async Task<StoredImage> LocateAsync(ProgramContainer container, CancellationToken cancellation) =>
        await FindAsync(container.Tag, cancellation) is { } digest ? new StoredImage(Uri(digest), Stored: false) : new StoredImage($"{repository}:{container.Tag}", Stored: true);

    /// <summary>Makes the image be there.</summary>
    public async Task<StoredImage> PutAsync(ProgramContainer container, CancellationToken cancellation)
    {
        if (await FindAsync(container.Tag, cancellation) is { } there)
            return new StoredImage(Uri(there), Stored: false);
        // Whoever held the lock until now may have sent it.
        if (await held.HoldAsync(cancellation) && await FindAsync(container.Tag, cancellation) is { } meanwhile)
            return new StoredImage(Uri(meanwhile), Stored: false);
        events.Add(new Notice($"Making the container of {container.Project}, and sending it to {repository}."));
        await new ContainerPublisher(workspace.FullPath(container.Project), workspace.Artifacts, container).PublishAsync(await LoginAsync(cancellation), Name, cancellation);
        return await FindAsync(container.Tag, cancellation) is { } digest ? new StoredImage(Uri(digest), Stored: true) : throw AwsErrors.ContainerFailed(container.Project, $"'{repository}' has no image '{container.Tag}' after it was sent.").ToException();
    }

    private string Uri(string digest) => $"{repository}@{digest}";

    private async Task<string?> FindAsync(string tag, CancellationToken cancellation)
    {
        try
        {
            var answer = await clients.Ecr.DescribeImagesAsync(new DescribeImagesRequest { RepositoryName = Name, ImageIds = [new ImageIdentifier { ImageTag = tag }] }, cancellation);
            return answer.ImageDetails[0].ImageDigest;
        }
        catch (ImageNotFoundException)
        {
            return null;
        }
        catch (RepositoryNotFoundException)
        {
            throw AwsErrors.RepositoryGone(repository, clients.Region.SystemName).ToException();
        }
    }

    /// <summary>"AWS:PASSWORD" in base64, good for twelve hours.</summary>
    private async Task<RegistryLogin> LoginAsync(CancellationToken cancellation)
    {
        var given = (await clients.Ecr.GetAuthorizationTokenAsync(new GetAuthorizationTokenRequest(), cancellation)).AuthorizationData[0];
        var login = Encoding.UTF8.GetString(Convert.FromBase64String(given.AuthorizationToken)).Split(':', 2);
        return new RegistryLogin(new Uri(given.ProxyEndpoint), login[0], login[1]);
    }
}

/// <param name="Address">Of the registry, without a repository.</param>
internal sealed record RegistryLogin(Uri Address, string User, string Password);
