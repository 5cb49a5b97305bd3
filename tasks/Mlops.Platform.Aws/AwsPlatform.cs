using Amazon.SageMaker;
using Amazon.SageMaker.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Containers;
using Mlops.Platform.Aws.Pipelines;
using Mlops.Platform.Aws.Registry;
using Mlops.Platform.Aws.Stacks;
using Mlops.Platform.Aws.Stages;
using Mlops.Platform.Aws.Storage;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Aws;

/// <summary>SageMaker, S3 and CloudFormation: the same verbs as on a laptop, in accounts of AWS.</summary>
public sealed class AwsPlatform : IPlatform
{
    /// <summary>Of the lock's object, below the prefix.</summary>
    internal const string LockName = "lock.json";

    private readonly AwsAccess access;
    private readonly Workspace workspace;
    private readonly IEventSink events;
    private readonly LocalData data;
    private readonly AwsClients home;
    private readonly CallerIdentity caller;

    /// <summary>Of the build; null: there is none.</summary>
    private StackState? stack;

    /// <summary>Null: it is not known yet which one.</summary>
    private OpenBucket? bucket;

    /// <summary>Null: nothing is.</summary>
    private PublishedModel? published;
    private string verb = "mlops";
    private bool isKept;

    private AwsPlatform(Workspace workspace, AwsAccess access, AwsClients home, CallerIdentity caller, IEventSink events)
    {
        (this.access, this.home, this.caller) = (access, home, caller);
        this.workspace = workspace;
        data = new LocalData(workspace.Repository);
        this.events = events;
    }

    public string Name => PlatformNames.Aws;

    public IObjectStore Objects => Site.Objects;

    public IPipelines Pipelines => published?.Pipelines ?? throw NotPublished;

    public IModelRegistry Models => published?.Models ?? throw NotPublished;

    public IStages Stages => published?.Stages ?? throw NotPublished;

    public string Caller => caller.Arn;

    public string ExecutionRole => Site.ExecutionRole;

    private DeploymentDefinition Deployment => workspace.Deployment;

    private string StackName => ResourceNames.Stack(Deployment.ModelName, "build");

    private BuildSite Site => published?.Site ?? throw NotPublished;

    private PlatformException NotPublished => AwsErrors.NotPublished(StackName, caller.Account, home.Region.SystemName).ToException();

    /// <summary>Opens the account of the build, and finds what was published there.</summary>
    /// <param name="access">Which goes with the platform.</param>
    public static async Task<AwsPlatform> OpenAsync(Workspace workspace, AwsAccess access, IEventSink events, CancellationToken cancellation)
    {
        CallerIdentity? caller = null;
        try
        {
            var home = await access.OpenAsync(workspace.Deployment.Aws, cancellation);
            caller = await home.IdentityAsync(cancellation);
            var platform = new AwsPlatform(workspace, access, home, caller, events);
            if (await new StackClient(home, events).FindAsync(platform.StackName, cancellation) is { } stack)
                platform.Use(stack);
            return platform;
        }
        catch (Exception e)
        {
            access.Dispose();
            if (!cancellation.IsCancellationRequested && Failures.Explain(e, caller?.Arn ?? "the default identity") is { } problem)
                throw problem.ToException();
            throw;
        }
    }

    public void LookAhead()
    {
        data.Begin(Deployment.Data.Where(d => !d.IsInS3).Select(d => workspace.FullPath(d.Source)));
        published?.Pipelines?.Begin(Deployment.PipelineName);
    }

    public async Task<bool> PrepareAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation, bool wayBack = false)
    {
        await CheckAsync(stages, cancellation);
        foreach (var image in wayBack ? [] : Deployment.Images)
            Check(image);

        var request = BuildRequest();
        if (stack?.Equals(request) == true)
            return false;
        if (bucket is not null && await bucket.Held.HoldAsync(cancellation))
        {
            // Whoever was waited for may have done it, or something else.
            await LookAgainAsync(cancellation);
            if (stack?.Equals(request) == true)
                return false;
        }

        try
        {
            Use(await PutBuildStackAsync(request, cancellation));
        }
        catch (Exception e) when (wayBack && IsPrepared && !cancellation.IsCancellationRequested && ((e as PlatformException)?.Problem ?? Explain(e)) is { } problem)
        {
            events.Add(problem.AsWarning());
            return false;
        }

        // That took minutes: what is sent is what lies there now.
        data.Forget();
        await new WatchedBuckets(home, events).WarnAsync(request.Template, cancellation);
        return true;
    }

    /// <summary>What is looked at before the first change. Once something was made with the bucket and role that config.yaml names, every deploy looks into what is there.</summary>
    private Task CheckAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation)
    {
        var isKnown = stack is { IsWhole: true, IsBare: false } && IsAsGiven(StackContract.BucketParameter, StackContract.BucketOutput, Deployment.Aws.Bucket) && IsAsGiven(StackContract.RoleParameter, StackContract.RoleOutput, Deployment.Aws.ExecutionRole);
        return new Preflight(access, home, workspace).CheckAsync(isFirst: !isKnown, stages, async stage => published is null || await published.Stages.IsNewAsync(stage, cancellation), cancellation);

        // What the stack made itself is no longer what is given.
        bool IsAsGiven(string parameter, string output, string? given) =>
            given is null || (stack.Parameters.TryGetValue(parameter, out var had) ? had == given : !stack.Outputs.ContainsKey(output));
    }

    public Task CheckServingAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation) => published is { } known ? known.Stages.CheckModesAsync(stages, cancellation) : Task.CompletedTask;

    public async Task CheckCloseAsync(CloseScope scope, CancellationToken cancellation)
    {
        if (scope != CloseScope.Idle && stack is { Protected: true })
            throw AwsErrors.BuildProtected(stack.Name, stack.Region).ToException();
        // One that is being deleted, or was not deleted to its end, is what this goes on with.
        if (scope != CloseScope.Idle && stack is { IsWhole: false, NeverWhole: false, IsEmpty: false } && !stack.Status.StartsWith("DELETE_", StringComparison.Ordinal))
            throw StackClient.Unfinished(stack);
        if (scope != CloseScope.Idle && published?.Pipelines is { } pipelines)
            await pipelines.RefuseRunningAsync(Deployment.PipelineName, cancellation);
        if (scope == CloseScope.Data)
            await Eraser().CheckAsync(stagesAreKnown: IsPrepared, cancellation);
    }

    public async Task<bool> CloseAsync(CloseScope scope, CancellationToken cancellation)
    {
        if (stack is { NeverWhole: true } or { IsEmpty: true } or { IsBare: true })
        {
            // A first publish that failed: nothing of it is in use.
            var deleted = await new StackClient(home, events).DeleteAsync(StackName, cancellation);
            return scope == CloseScope.Data ? await EraseAsync(cancellation) || deleted : deleted;
        }

        if (stack is null && scope != CloseScope.Data)
        {
            events.Add(new Notice($"There is no stack '{StackName}' in account {caller.Account}, region {home.Region.SystemName}: nothing to take away."));
            return false;
        }

        if (scope == CloseScope.Idle)
        {
            events.Add(new Notice($"Kept: the pipeline, the stack '{StackName}' with its roles and rules, the bucket '{Site.Objects.Bucket}' and the registered versions. '--all' takes the pipeline and the stack away as well."));
            return false;
        }

        // For data to go, what a destroy before this one took away need not be there.
        var kept = scope == CloseScope.Data ? null : Site.Objects.Bucket;
        var changed = published?.Pipelines is { } pipelines && await pipelines.DeleteAsync(Deployment.PipelineName, cancellation);
        changed |= stack is not null && await new StackClient(home, events).DeleteAsync(StackName, cancellation);
        if (scope == CloseScope.Data)
            return await EraseAsync(cancellation) || changed;
        events.Add(new Notice($"Kept: the bucket '{kept}' with everything below '{Deployment.Prefix}/', {(Deployment.Container is null ? "" : "the program's images, ")}and the registered versions of '{Deployment.ModelPackageGroupName}'. '--data {Deployment.ModelName}' takes them away as well, for good."));
        return changed;
    }

    private async Task<bool> EraseAsync(CancellationToken cancellation)
    {
        var erased = await Eraser().EraseAsync(cancellation);
        // Where it would be recorded, nothing is to be left.
        bucket = null;
        return erased;
    }

    private ModelEraser Eraser()
    {
        var (held, objects) = Open(bucket?.Objects.Bucket ?? Deployment.Aws.Bucket ?? ResourceNames.Bucket(Deployment.ModelName, caller.Account, home.Region.SystemName), caller.Account);
        return new ModelEraser(access, home, caller.Account, Deployment, objects, held, published?.Models ?? new SageMakerModels(home, caller.Account, objects, held, Deployment.Prefix, [], null), events);
    }

    /// <summary>Also while somebody changes the stack, or where a change of it failed: what it made before is there.</summary>
    public bool IsPrepared => published?.Pipelines is not null;

    public async Task<IReadOnlyList<PlannedChange>> PlanPrepareAsync(CancellationToken cancellation)
    {
        await CheckAsync(Deployment.Stages, cancellation);
        return await new StackPlan(home, events).OfAsync(BuildRequest(), stack, StoreTemplateAsync, cancellation);
    }

    /// <summary>In the bucket, where there is one.</summary>
    public Task RecordAsync(AuditEntry entry, CancellationToken cancellation) => bucket is null ? Task.CompletedTask : AuditOf(bucket).RecordAsync(entry, cancellation);

    public Task<IReadOnlyList<AuditEntry>> AuditAsync(int count, CancellationToken cancellation) => AuditOf(bucket ?? throw NotPublished).NewestAsync(count, cancellation);

    private AuditLog AuditOf(OpenBucket opened) => new(opened.Objects, opened.Held, Deployment.Prefix, Explain, events);

    public async Task<bool> CopyLogAsync(string name, Stream output, CancellationToken cancellation)
    {
        if (Deployment.Stages.FirstOrDefault(s => s.Name == name) is not { } stage)
            return published?.Pipelines is { } pipelines && await pipelines.CopyLogAsync(Deployment.PipelineName, name, output, cancellation);
        if (stage.Endpoint is null)
            return await new StageBatches(access, events).CopyLogAsync(stage, output, cancellation);
        return await new JobLogs(await access.OpenAsync(stage.Aws, cancellation)).CopyAsync(JobLogs.Endpoints + stage.EndpointName, null, output, cancellation);
    }

    public Problem? Explain(Exception failure) => Failures.Explain(failure, caller.Arn);

    public async Task<StoredImage> LocateImageAsync(ImageParameter image, CancellationToken cancellation)
    {
        Check(image);
        return image.Repository is not null ? new StoredImage(Published(image), Stored: false)
            : published?.Site.Repository is { } repository ? await ImagesOf(repository).LocateAsync(Deployment.Container!, cancellation)
            : new StoredImage($"{Deployment.ModelName}:{Deployment.Container!.Tag}", Stored: true);
    }

    public async Task<StoredImage> PutImageAsync(ImageParameter image, CancellationToken cancellation) => image.Repository is not null
        ? new StoredImage(Published(image), Stored: false)
        : await ImagesOf(Site.Repository ?? throw AwsErrors.StackWithout(StackName, StackContract.RepositoryOutput).ToException()).PutAsync(Deployment.Container!, cancellation);

    /// <summary>SageMaker's, or one that publish can make.</summary>
    private void Check(ImageParameter image)
    {
        if (image.Repository is not null)
            Published(image);
        else if (image.Framework != ProgramContainer.Framework || Deployment.Container is null)
            throw AwsErrors.NoContainer(image.Framework).ToException();
    }

    private string Published(ImageParameter image) =>
        image.UriIn(home.Region.SystemName, home.Region.PartitionDnsSuffix) ?? throw AwsErrors.NoImage(image.Parameter, image.Framework, home.Region.SystemName).ToException();

    private ProgramImages ImagesOf(string repository) => new(home, workspace, repository, bucket!.Held, events);

    /// <summary>The lock is taken at the first change: see <see cref="DeployLock"/>.</summary>
    public async Task<IAsyncDisposable> LockAsync(string verb, CancellationToken cancellation, bool now = false)
    {
        (this.verb, isKept) = (verb, now);
        if (bucket is { Held: var held })
        {
            held.Verb = verb;
            held.IsKept = now;
            if (now && await held.TryHoldAsync(cancellation))
                await LookAgainAsync(cancellation);
        }

        return new Release(this);
    }

    public async ValueTask DisposeAsync()
    {
        if (bucket is not null)
            await bucket.Held.DisposeAsync();
        access.Dispose();
    }

    private async Task LookAgainAsync(CancellationToken cancellation)
    {
        if (await new StackClient(home, events).FindAsync(StackName, cancellation) is { } found)
            Use(found);
        else
            (stack, published) = (null, null); // Whoever was waited for took it away.
    }

    private StackRequest BuildRequest()
    {
        var (parameters, tags) = StackParameters.Read(workspace.Artifacts, ArtifactFiles.BuildParameters, StackContract.BuildTemplate);
        var template = StackTemplateFile.Read(workspace.Artifacts, StackContract.BuildTemplate).WithNames(StackParameters.In(caller.Account, home.Region.SystemName, parameters));
        return new StackRequest(StackName, template, null, parameters, tags);
    }

    /// <summary>
    /// Makes the group with its versions that an earlier stack left be this one's. CloudFormation takes it over by an import of its own alone ("Import AWS resources automatically":
    /// "Primary IDs with read only properties aren't supported").
    /// </summary>
    private async Task AdoptGroupAsync(StackClient stacks, StackRequest request, CancellationToken cancellation)
    {
        // A first try that failed may hold the group, and is taken away first.
        if (await stacks.ReadyAsync(StackName, cancellation) is { IsEmpty: false })
            return;
        try
        {
            var group = await home.SageMaker.DescribeModelPackageGroupAsync(new DescribeModelPackageGroupRequest { ModelPackageGroupName = Deployment.ModelPackageGroupName }, cancellation);
            if (group.ModelPackageGroupStatus == ModelPackageGroupStatus.Completed)
                await stacks.PutAsync(StackRequest.Import(StackName, request.Template, StackContract.GroupResource, "ModelPackageGroupName", "ModelPackageGroupArn", group.ModelPackageGroupArn), cancellation);
        }
        catch (AmazonSageMakerException e) when (SageMakerModels.IsMissing(e))
        {
            // The stack makes it.
        }
    }

    private async Task<StackState> PutBuildStackAsync(StackRequest request, CancellationToken cancellation)
    {
        var stacks = new StackClient(home, events);
        if (stack is null or { IsEmpty: true } or { NeverWhole: true })
            await AdoptGroupAsync(stacks, request, cancellation);
        if (request.Template.FitsInRequest)
            return await stacks.PutAsync(request, cancellation);
        if (bucket is null && Deployment.Aws.Bucket is { } given)
            Open(given, caller.Account);
        else if (bucket is null)
            Use(await stacks.PutAsync(request with { Template = request.Template.BucketAlone() }, cancellation));
        return await stacks.PutAsync(request with { TemplateUrl = await StoreTemplateAsync(request.Template, cancellation) }, cancellation);
    }

    /// <summary>From here on there is a bucket, and with it everything else.</summary>
    private void Use(StackState found)
    {
        stack = found;
        if ((Deployment.Aws.Bucket ?? found.Outputs.GetValueOrDefault(StackContract.BucketOutput)) is not { } name)
            return;
        var (held, objects) = Open(name, found.Account);
        var site = new BuildSite(access, home, found, Deployment, objects, data, held, events);
        var models = new SageMakerModels(home, found.Account, objects, held, Deployment.Prefix, [.. Deployment.Stages.Select(s => s.Name)], Deployment.DecidingStage?.Name);
        var stages = new SageMakerStages(access, workspace, site, models, held, StoreTemplateAsync, events);
        var pipelines = site.HasRole ? new SageMakerPipelines(home, objects, models, Deployment.ModelPackageGroupName, held, Deployment.Prefix, found.Id, site.ExecutionRole, found.Tags, events) : published?.Pipelines;
        published = new PublishedModel(site, models, stages, pipelines);
    }

    /// <summary>The bucket, as it is open already where it is the same.</summary>
    private OpenBucket Open(string name, string account)
    {
        if (bucket?.Objects.Bucket == name)
            return bucket;
        var held = new DeployLock(home, name, account, $"{Deployment.Prefix}/{LockName}", Deployment.Aws.KmsKey, events) { Verb = verb, IsKept = isKept, Taken = Forget };
        return bucket = new OpenBucket(held, new S3ObjectStore(home, name, account, Deployment.Aws.KmsKey, data, held, events));
    }

    private void Forget()
    {
        data.Forget();
        bucket?.Objects.Forget();
        published?.Pipelines?.Forget();
        published?.Models.Forget();
        published?.Stages.Forget();
    }

    /// <summary>Puts a template where CloudFormation can read it. Its key is its hash: no lock is needed.</summary>
    private async Task<string> StoreTemplateAsync(StackTemplateFile template, CancellationToken cancellation)
    {
        var key = $"{Deployment.Prefix}/templates/{template.Sha256}.sent.json";
        var objects = bucket!.Objects;
        await objects.AddAsync(key, System.Text.Encoding.UTF8.GetBytes(template.Body), cancellation);
        return home.ObjectUrl(objects.Bucket, key);
    }

    /// <summary>Where everything lies, and who may write there.</summary>
    private sealed record OpenBucket(DeployLock Held, S3ObjectStore Objects);

    /// <param name="Pipelines">Null: there is no role yet that one could run as.</param>
    private sealed record PublishedModel(BuildSite Site, SageMakerModels Models, SageMakerStages Stages, SageMakerPipelines? Pipelines);

    private sealed class Release(AwsPlatform platform) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (platform.bucket is { } open)
                await open.Held.ReleaseAsync();
        }
    }
}
