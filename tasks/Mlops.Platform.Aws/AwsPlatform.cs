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
    private AwsClients? home;
    private CallerIdentity? caller;
    private StackState? stack;
    private DeployLock? held;
    private S3ObjectStore? objects;
    private BuildSite? site;
    private SageMakerPipelines? pipelines;
    private SageMakerModels? models;
    private SageMakerStages? stages;
    private string verb = "mlops";
    private bool isKept;

    private AwsPlatform(Workspace workspace, AwsAccess access, IEventSink events)
    {
        this.access = access;
        this.workspace = workspace;
        data = new LocalData(workspace.Repository);
        this.events = events;
    }

    public string Name => PlatformNames.Aws;

    public IObjectStore Objects => Site.Objects;

    public IPipelines Pipelines => pipelines ?? throw NotPublished;

    public IModelRegistry Models => models ?? throw NotPublished;

    public IStages Stages => stages ?? throw NotPublished;

    public string Caller => caller!.Arn;

    public string ExecutionRole => Site.ExecutionRole;

    private DeploymentDefinition Deployment => workspace.Deployment;

    private string StackName => ResourceNames.Stack(Deployment.ModelName, "build");

    private BuildSite Site => site ?? throw NotPublished;

    private PlatformException NotPublished => AwsErrors.NotPublished(StackName, caller!.Account, home!.Region.SystemName).ToException();

    /// <summary>Opens the account of the build, and finds what was published there.</summary>
    /// <param name="access">Which goes with the platform.</param>
    public static async Task<AwsPlatform> OpenAsync(Workspace workspace, AwsAccess access, IEventSink events, CancellationToken cancellation)
    {
        var platform = new AwsPlatform(workspace, access, events);
        try
        {
            platform.home = await platform.access.OpenAsync(workspace.Deployment.Aws, cancellation);
            platform.caller = await platform.home.IdentityAsync(cancellation);
            if (await new StackClient(platform.home, events).FindAsync(platform.StackName, cancellation) is { } stack)
                platform.Use(stack);
            return platform;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && platform.Explain(e) is { } problem)
        {
            await platform.DisposeAsync();
            throw problem.ToException();
        }
        catch
        {
            await platform.DisposeAsync();
            throw;
        }
    }

    public void LookAhead()
    {
        data.Begin(Deployment.Data.Where(d => !d.IsInS3).Select(d => workspace.FullPath(d.Source)));
        pipelines?.Begin(Deployment.PipelineName);
    }

    public async Task<bool> PrepareAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation, bool wayBack = false)
    {
        await CheckAsync(stages, cancellation);
        foreach (var image in wayBack ? [] : Deployment.Images)
            Check(image);

        var request = BuildRequest();
        if (stack?.Equals(request) == true)
            return false;
        if (held is not null && await held.HoldAsync(cancellation))
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
        await new WatchedBuckets(home!, events).WarnAsync(request.Template, cancellation);
        return true;
    }

    /// <summary>What is looked at before the first change. Once something was made with the bucket and role that config.yaml names, every deploy looks into what is there.</summary>
    private Task CheckAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation)
    {
        var isKnown = stack is { IsWhole: true } && IsAsGiven(StackContract.BucketParameter, StackContract.BucketOutput, Deployment.Aws.Bucket) && IsAsGiven(StackContract.RoleParameter, StackContract.RoleOutput, Deployment.Aws.ExecutionRole);
        return new Preflight(access, home!, workspace).CheckAsync(isFirst: !isKnown, stages, async stage => this.stages is null || await this.stages.IsNewAsync(stage, cancellation), cancellation);

        // What the stack made itself is no longer what is given.
        bool IsAsGiven(string parameter, string output, string? given) =>
            given is null || (stack.Parameters.TryGetValue(parameter, out var had) ? had == given : !stack.Outputs.ContainsKey(output));
    }

    public Task CheckServingAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation) => this.stages is { } known ? known.CheckModesAsync(stages, cancellation) : Task.CompletedTask;

    public async Task CheckCloseAsync(CloseScope scope, CancellationToken cancellation)
    {
        if (scope != CloseScope.Idle && stack is { Protected: true })
            throw AwsErrors.BuildProtected(stack.Name, stack.Region).ToException();
        // One that is being deleted, or was not deleted to its end, is what this goes on with.
        if (scope != CloseScope.Idle && stack is { IsWhole: false, NeverWhole: false, IsEmpty: false } && !stack.Status.StartsWith("DELETE_", StringComparison.Ordinal))
            throw StackClient.Unfinished(stack);
        if (scope != CloseScope.Idle && pipelines is not null)
            await pipelines.RefuseRunningAsync(Deployment.PipelineName, cancellation);
        if (scope == CloseScope.Data)
            await Eraser().CheckAsync(stagesAreKnown: IsPrepared, cancellation);
    }

    public async Task<bool> CloseAsync(CloseScope scope, CancellationToken cancellation)
    {
        if (stack is { NeverWhole: true } or { IsEmpty: true } or { IsBare: true })
        {
            // A first publish that failed: nothing of it is in use.
            var deleted = await new StackClient(home!, events).DeleteAsync(StackName, cancellation);
            return scope == CloseScope.Data ? await EraseAsync(cancellation) || deleted : deleted;
        }

        if (stack is null && scope != CloseScope.Data)
        {
            events.Add(new Notice($"There is no stack '{StackName}' in account {caller!.Account}, region {home!.Region.SystemName}: nothing to take away."));
            return false;
        }

        if (scope == CloseScope.Idle)
        {
            events.Add(new Notice($"Kept: the pipeline, the stack '{StackName}' with its roles and rules, the bucket '{Site.Objects.Bucket}' and the registered versions. '--all' takes the pipeline and the stack away as well."));
            return false;
        }

        // For data to go, what a destroy before this one took away need not be there.
        var bucket = scope == CloseScope.Data ? null : Site.Objects.Bucket;
        var changed = pipelines is not null && await pipelines.DeleteAsync(Deployment.PipelineName, cancellation);
        changed |= stack is not null && await new StackClient(home!, events).DeleteAsync(StackName, cancellation);
        if (scope == CloseScope.Data)
            return await EraseAsync(cancellation) || changed;
        events.Add(new Notice($"Kept: the bucket '{bucket}' with everything below '{Deployment.Prefix}/', {(Deployment.Container is null ? "" : "the program's images, ")}and the registered versions of '{Deployment.ModelPackageGroupName}'. '--data {Deployment.ModelName}' takes them away as well, for good."));
        return changed;
    }

    private async Task<bool> EraseAsync(CancellationToken cancellation)
    {
        var erased = await Eraser().EraseAsync(cancellation);
        // Where it would be recorded, nothing is to be left.
        held = null;
        return erased;
    }

    private ModelEraser Eraser()
    {
        if (objects is null)
            UseBucket(Deployment.Aws.Bucket ?? ResourceNames.Bucket(Deployment.ModelName, caller!.Account, home!.Region.SystemName), caller!.Account);
        return new ModelEraser(access, home!, caller!.Account, Deployment, objects!, held!, models ?? new SageMakerModels(home!, caller.Account, objects!, held!, Deployment.Prefix, [], null), events);
    }

    /// <summary>Also while somebody changes the stack, or where a change of it failed: what it made before is there.</summary>
    public bool IsPrepared => pipelines is not null;

    public async Task<IReadOnlyList<PlannedChange>> PlanPrepareAsync(CancellationToken cancellation)
    {
        await CheckAsync(Deployment.Stages, cancellation);
        return await new StackPlan(home!, events).OfAsync(BuildRequest(), stack, StoreTemplateAsync, cancellation);
    }

    /// <summary>In the bucket, where there is one.</summary>
    public Task RecordAsync(AuditEntry entry, CancellationToken cancellation) => held is null ? Task.CompletedTask : AuditOf(objects!, held).RecordAsync(entry, cancellation);

    public Task<IReadOnlyList<AuditEntry>> AuditAsync(int count, CancellationToken cancellation) => AuditOf(Site.Objects, held!).NewestAsync(count, cancellation);

    private AuditLog AuditOf(S3ObjectStore store, DeployLock deployLock) => new(store, deployLock, Deployment.Prefix, Explain, events);

    public async Task<bool> CopyLogAsync(string name, Stream output, CancellationToken cancellation)
    {
        if (Deployment.Stages.FirstOrDefault(s => s.Name == name) is not { } stage)
            return pipelines is not null && await pipelines.CopyLogAsync(Deployment.PipelineName, name, output, cancellation);
        if (stage.Endpoint is null)
            return await new StageBatches(access, events).CopyLogAsync(stage, output, cancellation);
        return await new JobLogs(await access.OpenAsync(stage.Aws, cancellation)).CopyAsync(JobLogs.Endpoints + stage.EndpointName, null, output, cancellation);
    }

    public Problem? Explain(Exception failure) => Failures.Explain(failure, caller?.Arn ?? "the default identity");

    public async Task<StoredImage> LocateImageAsync(ImageParameter image, CancellationToken cancellation)
    {
        Check(image);
        return image.Repository is not null ? new StoredImage(Published(image), Stored: false)
            : site?.Repository is { } repository ? await ImagesOf(repository).LocateAsync(Deployment.Container!, cancellation)
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
        image.UriIn(home!.Region.SystemName, home.Region.PartitionDnsSuffix) ?? throw AwsErrors.NoImage(image.Parameter, image.Framework, home.Region.SystemName).ToException();

    private ProgramImages ImagesOf(string repository) => new(home!, workspace, repository, held!, events);

    /// <summary>The lock is taken at the first change: see <see cref="DeployLock"/>.</summary>
    public async Task<IAsyncDisposable> LockAsync(string verb, CancellationToken cancellation, bool now = false)
    {
        (this.verb, isKept) = (verb, now);
        if (held is not null)
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
        if (held is not null)
            await held.DisposeAsync();
        access.Dispose();
    }

    private async Task LookAgainAsync(CancellationToken cancellation)
    {
        if (await new StackClient(home!, events).FindAsync(StackName, cancellation) is { } found)
            Use(found);
        else
            (stack, site, pipelines, models, stages) = (null, null, null, null, null); // Whoever was waited for took it away.
    }

    private StackRequest BuildRequest()
    {
        var (parameters, tags) = StackParameters.Read(workspace.Artifacts, ArtifactFiles.BuildParameters, StackContract.BuildTemplate);
        var template = StackTemplateFile.Read(workspace.Artifacts, StackContract.BuildTemplate).WithNames(StackParameters.In(caller!.Account, home!.Region.SystemName, parameters));
        return new StackRequest(StackName, template, null, parameters, tags);
    }

    /// <summary>
    /// The ARN of the group with its versions, where an earlier stack left it. CloudFormation takes it over by an import of its own alone ("Import AWS resources automatically":
    /// "Primary IDs with read only properties aren't supported").
    /// </summary>
    private async Task<string?> GroupAsync(CancellationToken cancellation)
    {
        try
        {
            var group = await home!.SageMaker.DescribeModelPackageGroupAsync(new Amazon.SageMaker.Model.DescribeModelPackageGroupRequest { ModelPackageGroupName = Deployment.ModelPackageGroupName }, cancellation);
            return group.ModelPackageGroupStatus == Amazon.SageMaker.ModelPackageGroupStatus.Completed ? group.ModelPackageGroupArn : null;
        }
        catch (Amazon.SageMaker.AmazonSageMakerException e) when (SageMakerModels.IsMissing(e))
        {
            return null;
        }
    }

    private async Task<StackState> PutBuildStackAsync(StackRequest request, CancellationToken cancellation)
    {
        var stacks = new StackClient(home!, events);
        if (stack is null or { IsEmpty: true } or { NeverWhole: true } && await GroupAsync(cancellation) is { } group)
            await stacks.PutAsync(StackRequest.Import(StackName, request.Template, StackContract.GroupResource, "ModelPackageGroupName", "ModelPackageGroupArn", group), cancellation);
        if (request.Template.FitsInRequest)
            return await stacks.PutAsync(request, cancellation);
        if (objects is null && Deployment.Aws.Bucket is { } given)
            UseBucket(given, caller!.Account);
        else if (objects is null)
            Use(await stacks.PutAsync(request with { Template = request.Template.BucketAlone() }, cancellation));
        return await stacks.PutAsync(request with { TemplateUrl = await StoreTemplateAsync(request.Template, cancellation) }, cancellation);
    }

    /// <summary>From here on there is a bucket, and with it everything else.</summary>
    private void Use(StackState found)
    {
        stack = found;
        if ((Deployment.Aws.Bucket ?? found.Outputs.GetValueOrDefault(StackContract.BucketOutput)) is not { } bucket)
            return;
        if (objects?.Bucket != bucket)
            UseBucket(bucket, found.Account);

        site = new BuildSite(access, home!, found, Deployment, objects!, data, held!, events);
        models = new SageMakerModels(home!, found.Account, objects!, held!, Deployment.Prefix, [.. Deployment.Stages.Select(s => s.Name)], Deployment.DecidingStage?.Name);
        stages = new SageMakerStages(access, workspace, site, models, held!, StoreTemplateAsync, events);
        if (site.HasRole)
            pipelines = new SageMakerPipelines(home!, objects!, models, Deployment.ModelPackageGroupName, held!, Deployment.Prefix, found.Id, site.ExecutionRole, stack.Tags, events);
    }

    private void UseBucket(string bucket, string account)
    {
        held = new DeployLock(home!, bucket, account, $"{Deployment.Prefix}/{LockName}", Deployment.Aws.KmsKey, events) { Verb = verb, IsKept = isKept, Taken = Forget };
        objects = new S3ObjectStore(home!, bucket, account, Deployment.Aws.KmsKey, data, held, events);
    }

    private void Forget()
    {
        data.Forget();
        objects?.Forget();
        pipelines?.Forget();
        models?.Forget();
        stages?.Forget();
    }

    /// <summary>Puts a template where CloudFormation can read it. Its key is its hash: no lock is needed.</summary>
    private async Task<string> StoreTemplateAsync(StackTemplateFile template, CancellationToken cancellation)
    {
        var key = $"{Deployment.Prefix}/templates/{template.Sha256}.sent.json";
        await objects!.AddAsync(key, System.Text.Encoding.UTF8.GetBytes(template.Body), cancellation);
        return home!.ObjectUrl(objects.Bucket, key);
    }

    private sealed class Release(AwsPlatform platform) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (platform.held is { } held)
                await held.ReleaseAsync();
        }
    }
}
