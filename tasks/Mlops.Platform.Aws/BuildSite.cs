using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Stacks;
using Mlops.Platform.Aws.Storage;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws;

/// <summary>What the build stack made, or was given: where all the rest lies and what it runs as.</summary>
internal sealed class BuildSite(AwsAccess access, AwsClients clients, StackState stack, DeploymentDefinition deployment, S3ObjectStore objects, LocalData data, DeployLock held, IEventSink events)
{
    public AwsClients Clients => clients;

    public S3ObjectStore Objects => objects;

    public string StackName => stack.Name;

    /// <summary>Not yet, where the bucket was made first.</summary>
    public bool HasRole => deployment.Aws.ExecutionRole is not null || stack.Outputs.ContainsKey(StackContract.RoleOutput);

    public string ExecutionRole => deployment.Aws.ExecutionRole ?? stack.Outputs[StackContract.RoleOutput];

    /// <summary>Of the C# program's containers; null: it needs none.</summary>
    public string? Repository => stack.Outputs.GetValueOrDefault(StackContract.RepositoryOutput);

    /// <summary>Of notifications; null: none are asked for.</summary>
    public string? Topic => stack.Outputs.GetValueOrDefault(StackContract.TopicOutput) ?? stack.Parameters.GetValueOrDefault(StackContract.TopicParameter);

    /// <summary>Another bucket, in the account of its stage.</summary>
    public async Task<S3ObjectStore> OpenStoreAsync(AwsPlace place, string bucket, CancellationToken cancellation)
    {
        var there = await access.OpenAsync(place, cancellation);
        return new S3ObjectStore(there, bucket, (await there.IdentityAsync(cancellation)).Account, place.KmsKey, data, held, events);
    }
}
