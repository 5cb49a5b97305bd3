using System.Globalization;
using System.Text.Json;
using Amazon.CloudFormation.Model;
using Amazon.SageMaker;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Registry;
using Mlops.Platform.Aws.Stacks;
using Mlops.Platform.Aws.Storage;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Aws.Stages;

/// <summary>A stage as a stack of the deploy template, in its own account and region.</summary>
internal sealed class SageMakerStages(AwsAccess access, Workspace workspace, BuildSite site, SageMakerModels models, DeployLock held, Func<StackTemplateFile, CancellationToken, Task<string>> storeTemplate, IEventSink events) : IStages
{
    private readonly StageRequests requests = new(workspace, site);

    private readonly StagePackages packages = new(workspace, site, models, new RegionalVersions(access, site, models, workspace, events));

    /// <summary>Asked once, until a stage is changed.</summary>
    private readonly Dictionary<string, StageState?> known = new(StringComparer.Ordinal);

    private readonly Dictionary<string, StackState?> stacks = new(StringComparer.Ordinal);

    private DeploymentDefinition Deployment => workspace.Deployment;

    private string Group => Deployment.ModelPackageGroupName;

    public async Task<StageState?> DescribeAsync(Stage stage, CancellationToken cancellation) =>
        known.TryGetValue(stage.Name, out var found) ? found : known[stage.Name] = await AskAsync(stage, cancellation);

    /// <summary>Refuses endpoints that would have to become of another kind.</summary>
    public async Task CheckModesAsync(IReadOnlyList<Stage> checkedStages, CancellationToken cancellation)
    {
        foreach (var stage in checkedStages)
            RefuseOtherMode(stage, await StackAsync(stage, cancellation));
    }

    private async Task<StackState?> StackAsync(Stage stage, CancellationToken cancellation) =>
        stacks.TryGetValue(stage.Name, out var found) ? found : stacks[stage.Name] = await new StackClient(await access.OpenAsync(stage.Aws, cancellation), events).FindAsync(requests.NameOf(stage), cancellation);

    /// <summary>Whether nothing was made there yet.</summary>
    public async Task<bool> IsNewAsync(Stage stage, CancellationToken cancellation) => await StackAsync(stage, cancellation) is null or { IsEmpty: true } or { NeverWhole: true };

    /// <summary>What was asked may be of yesterday.</summary>
    public void Forget()
    {
        known.Clear();
        stacks.Clear();
    }

    private void Forget(string stage)
    {
        known.Remove(stage);
        stacks.Remove(stage);
    }

    private async Task<StageState?> AskAsync(Stage stage, CancellationToken cancellation)
    {
        var clients = await access.OpenAsync(stage.Aws, cancellation);
        if (await StackAsync(stage, cancellation) is not { } stack || !stack.Parameters.TryGetValue(StackContract.PackageParameter, out var package))
            return null;
        if (stack.IsEmpty || stack.NeverWhole || stack.Status == "ROLLBACK_IN_PROGRESS")
            return null;
        var version = StagePackages.VersionOf(package);
        // A version that is gone cannot be served otherwise: it is as it is.
        var isUpToDate = await packages.FindAsync(stage, version, cancellation) is not { } served ? stack.IsWhole
            : stack.Equals(await WantedAsync(stage, served, stack, cancellation));
        return new StageState(version, Url(clients, stage, stack), stack.IsWhole, isUpToDate && (stack.Protected || !IsLast(stage)), JsonSerializer.Serialize(new StageSettings(stack.TemplateSha256, stack.Parameters), StageJson.Default.StageSettings)) { Condition = Condition(stage, stack) };
    }

    /// <summary>The stack of a stage with a version whose archives are where it serves.</summary>
    private async Task<StackRequest> WantedAsync(Stage stage, ServedPackage package, StackState? stack, CancellationToken cancellation)
    {
        var clients = await access.OpenAsync(stage.Aws, cancellation);
        return requests.Of(stage, package, await packages.FurtherAsync(stage, packages.GetAsync, cancellation), stack, (await clients.IdentityAsync(cancellation)).Account, clients.Region.SystemName);
    }

    /// <summary>What another deploy alone does not help out of.</summary>
    private static string? Condition(Stage stage, StackState stack) =>
        stack.InProgress && !stack.IsWhole ? stack.Status.StartsWith("UPDATE_", StringComparison.Ordinal) ? $"being changed ({stack.Status}): what served before goes on until that is through" : $"in {stack.Status}"
        : stack.IsStuck ? $"stuck: {StackClient.Unfinished(stack).Problem.Message}"
        : OtherMode(stage, stack)?.Message;

    public async Task<bool> IsThereAsync(Stage stage, CancellationToken cancellation)
    {
        try
        {
            var sageMaker = (await access.OpenAsync(stage.Aws, cancellation)).SageMaker;
            if (stage.Endpoint is not null)
                await sageMaker.DescribeEndpointAsync(new Amazon.SageMaker.Model.DescribeEndpointRequest { EndpointName = stage.EndpointName }, cancellation);
            else if (stage.Batch is not null)
                await sageMaker.DescribePipelineAsync(new Amazon.SageMaker.Model.DescribePipelineRequest { PipelineName = StageBatches.PipelineOf(stage) }, cancellation);
            return true;
        }
        catch (Amazon.SageMaker.Model.ResourceNotFoundException)
        {
            return false;
        }
        catch (AmazonSageMakerException e) when (e.Message.Contains("could not find", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }
    }

    public async Task<bool> BeginAsync(Stage stage, CancellationToken cancellation)
    {
        var waited = await held.HoldAsync(cancellation);
        if (await StackAsync(stage, cancellation) is not { InProgress: true, IsWhole: false } changing)
            return waited;
        // Of a deploy that was broken off: until it is through, nobody knows what serves.
        await new StackClient(await access.OpenAsync(stage.Aws, cancellation), events).SettledAsync(changing.Name, cancellation);
        Forget(stage.Name);
        return true;
    }

    public async Task<IReadOnlyList<PlannedChange>> PlanAsync(Stage stage, ModelVersion? version, CancellationToken cancellation)
    {
        var clients = await access.OpenAsync(stage.Aws, cancellation);
        var stack = await StackAsync(stage, cancellation);
        RefuseOtherMode(stage, stack);
        if (stack is { IsWhole: true, IsEmpty: false } && !await IsThereAsync(stage, cancellation))
            return [new PlannedChange("Change", "stage", stage.Name, $"somebody else deleted its endpoint or batch pipeline: 'mlops destroy --platform {PlatformNames.Aws} --stage {stage.Name}', then deploy again")];
        if (stack is { IsEmpty: false, IsWhole: false, NeverWhole: false })
            return [StackPlan.Unfinished(stack)];
        var before = stack?.Parameters.GetValueOrDefault(StackContract.PackageParameter);
        if (version is null && before is null)
            return [new PlannedChange("Add", "stage", stage.Name, "the new version")];
        var number = version?.Version ?? StagePackages.VersionOf(before!);
        List<PlannedChange> coming = version is null ? [new PlannedChange("Change", "stage", stage.Name, string.Create(CultureInfo.InvariantCulture, $"version {number} -> the new version"))] : [];
        // Of a version that is yet to be made all is known but the model: the rest of the stack is compared with the one that serves.
        if ((version is null ? await packages.FindAsync(stage, number, cancellation) : await packages.GetAsync(stage, number, cancellation)) is not { } package)
            return coming;
        var request = await WantedAsync(stage, package, stack, cancellation);
        List<PlannedChange> changes = [.. coming, .. await new StackPlan(clients, events).OfAsync(request, stack, storeTemplate, cancellation)];
        return IsLast(stage) && stack is { IsEmpty: false, Protected: false } ? [.. changes, new PlannedChange("Change", "stack", stack.Name, "protected from deletion, as the last stage is")] : changes;
    }

    public async Task<StageState> PutAsync(Stage stage, ModelVersion version, string? settings, CancellationToken cancellation)
    {
        await held.HoldAsync(cancellation);
        if (settings is null)
            RefuseOtherMode(stage, await StackAsync(stage, cancellation));
        Forget(stage.Name);
        var clients = await access.OpenAsync(stage.Aws, cancellation);
        var client = new StackClient(clients, events);
        var package = await packages.BringAsync(stage, version.Version, cancellation);
        var further = await packages.FurtherAsync(stage, packages.BringAsync, cancellation);
        var before = await StackAsync(stage, cancellation);
        var request = settings is null
            ? requests.Of(stage, package, further, before, (await clients.IdentityAsync(cancellation)).Account, clients.Region.SystemName)
            : await requests.EarlierAsync(stage, package, further, JsonSerializer.Deserialize(settings, StageJson.Default.StageSettings)!, cancellation);
        // The way back needs the template of today.
        await requests.KeepAsync(request.Template, cancellation);
        if (!request.Template.FitsInRequest)
            request = request with { TemplateUrl = await storeTemplate(request.Template, cancellation) };
        var scaling = new StageScaling(requests, storeTemplate, events);
        var scaled = await scaling.LetGoAsync(client, before, request, cancellation);
        StackState stack;
        try
        {
            stack = await client.PutAsync(request, cancellation);
        }
        catch (OperationCanceledException) when (scaled is not null && cancellation.IsCancellationRequested)
        {
            // The change goes on without us, and must not be undone.
            events.Add(new Notice($"{scaled.Before.Name}: autoscaling comes with the change that goes on; the same command again sees it through"));
            throw;
        }
        catch when (scaled is not null)
        {
            await scaling.AgainAsync(client, scaled);
            throw;
        }
        finally
        {
            // What was asked on the way is of before the change.
            Forget(stage.Name);
        }

        if (IsLast(stage) && !stack.Protected)
            await client.ProtectAsync(stack.Name, on: true, cancellation);
        await new WatchedBuckets(clients, events).WarnAsync(request.Template, cancellation);
        return new StageState(version.Version, Url(clients, stage, stack), Healthy: true, UpToDate: true, JsonSerializer.Serialize(new StageSettings(request.Template.Sha256, request.Parameters), StageJson.Default.StageSettings));
    }

    public async Task<bool> DeleteAsync(Stage stage, bool evenProtected, CancellationToken cancellation)
    {
        var clients = await access.OpenAsync(stage.Aws, cancellation);
        return await DeleteAsync(clients, requests.NameOf(stage), stage.Name, evenProtected, cancellation);
    }

    public Task DeleteAsync(OtherEndpoint endpoint, bool evenProtected, CancellationToken cancellation) => DeleteAsync(site.Clients, $"{Deployment.ModelName}-{endpoint.Name}", endpoint.Name, evenProtected, cancellation);

    public Task<InvokeResult> InvokeAsync(Stage stage, InvokeRequest request, CancellationToken cancellation) => new StageInvoker(access, site, workspace).InvokeAsync(stage, request, cancellation);

    /// <summary>With the keys of the role that reaches the stage, where one was assumed: those of this process are another account's, most often.</summary>
    public async Task<TestSurroundings> TestSurroundingsAsync(Stage stage, CancellationToken cancellation)
    {
        var clients = await access.OpenAsync(stage.Aws, cancellation);
        var variables = new Dictionary<string, string?> { ["AWS_REGION"] = clients.Region.SystemName, ["AWS_DEFAULT_REGION"] = clients.Region.SystemName };
        if (await clients.AssumedKeysAsync() is { } keys)
        {
            (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], variables["AWS_SESSION_TOKEN"]) = (keys.AccessKey, keys.SecretKey, keys.Token);
            // Some SDKs look at these first.
            foreach (var other in new[] { "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_SECURITY_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE" })
                variables[other] = null;
        }

        return new TestSurroundings(workspace.Interpreters, variables);
    }

    public async Task<BatchResult> PredictAsync(Stage stage, BatchRequest request, CancellationToken cancellation)
    {
        var state = await DescribeAsync(stage, cancellation) ?? throw AwsErrors.NotDeployed(stage.Name).ToException();
        return await new StageBatches(access, events).PredictAsync(stage, state.Version, request, cancellation);
    }

    public Task<bool> IsTestedAsync(Stage stage, int version, string tests, CancellationToken cancellation) => models.IsTestedAsync(Group, version, stage.Name, tests, cancellation);

    public Task MarkTestedAsync(Stage stage, int version, string tests, CancellationToken cancellation) => models.MarkTestedAsync(Group, version, stage.Name, tests, cancellation);

    /// <summary>Stages that config.yaml no longer has, in the account and region of the build.</summary>
    public async Task<IReadOnlyList<OtherEndpoint>> OthersAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation)
    {
        try
        {
            return await FindOthersAsync(stages, cancellation);
        }
        catch (Amazon.CloudFormation.AmazonCloudFormationException e) when (Failures.IsDenied(e))
        {
            // Looking at all stacks is more than a deploy needs.
            return [];
        }
    }

    private async Task<IReadOnlyList<OtherEndpoint>> FindOthersAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation)
    {
        var ours = new HashSet<string>(StringComparer.Ordinal) { site.StackName };
        var here = (Region: site.Clients.Region.SystemName, (await site.Clients.IdentityAsync(cancellation)).Account);
        // One that config.yaml has elsewhere now may have left a stack here.
        ours.UnionWith(stages.Where(s => (s.Aws.Region ?? here.Region) == here.Region && (s.Aws.Account ?? here.Account) == here.Account).Select(requests.NameOf));

        var found = new List<OtherEndpoint>();
        var stacks = Pages.AllAsync(token => site.Clients.CloudFormation.DescribeStacksAsync(new DescribeStacksRequest { NextToken = token }, cancellation), a => a.Stacks, a => a.NextToken);
        await foreach (var stack in stacks.Select(StackState.Of).Where(s => s.Name.StartsWith(Deployment.ModelName + "-", StringComparison.Ordinal) && !ours.Contains(s.Name)))
        {
            // Another model may be called alike: what is ours serves a version of our group.
            if (stack.Parameters.GetValueOrDefault(StackContract.PackageParameter) is { } package && package.Contains($":model-package/{Group}/", StringComparison.Ordinal))
                found.Add(new OtherEndpoint(stack.Name[(Deployment.ModelName.Length + 1)..], StagePackages.VersionOf(package), stack.Protected));
        }

        return found;
    }

    /// <summary>"UpdateEndpoint": an endpoint stays realtime, serverless or asynchronous.</summary>
    private static void RefuseOtherMode(Stage stage, StackState? stack)
    {
        if (OtherMode(stage, stack) is { } problem)
            throw problem.ToException();
    }

    private static Problem? OtherMode(Stage stage, StackState? stack) =>
        stack is { IsEmpty: false, NeverWhole: false } && stage.Endpoint is { } wanted && stack.Outputs.GetValueOrDefault(StackContract.EndpointModeOutput) is { } mode && mode != wanted.ToString()
            ? AwsErrors.OtherMode(stage.Name, mode, wanted.ToString()) : null;

    private bool IsLast(Stage stage) => stage.Name == Deployment.Stages[^1].Name;

    /// <summary>Where requests go; of a stage that serves batches alone, where its predictions come to lie.</summary>
    private static string Url(AwsClients clients, Stage stage, StackState stack) => stage.Endpoint switch
    {
        null => stage.Batch?.Transform["TransformOutput"]?["S3OutputPath"]?.ToString() ?? stack.Id,
        EndpointKind.Async => clients.RuntimeUrl($"/endpoints/{stage.EndpointName}/async-invocations"),
        _ => clients.RuntimeUrl($"/endpoints/{stage.EndpointName}/invocations"),
    };

    private async Task<bool> DeleteAsync(AwsClients clients, string stackName, string stageName, bool evenProtected, CancellationToken cancellation)
    {
        var stacks = new StackClient(clients, events);
        if (await stacks.FindAsync(stackName, cancellation) is not { } stack)
            return false;
        await held.TryHoldAsync(cancellation);
        Forget(stageName);
        if (stack.Protected)
        {
            if (!evenProtected)
                throw AwsErrors.Protected(stackName, stageName).ToException();
            await stacks.ProtectAsync(stackName, on: false, cancellation);
        }

        try
        {
            return await stacks.DeleteAsync(stackName, cancellation);
        }
        catch when (stack.Protected)
        {
            await TryProtectAsync(stacks, stackName);
            throw;
        }
    }

    /// <summary>What was to go and stays is as it was; why it stays is what the caller hears of.</summary>
    private static async Task TryProtectAsync(StackClient stacks, string stack)
    {
        try
        {
            await stacks.ProtectAsync(stack, on: true, CancellationToken.None);
        }
        catch (Exception e) when (Failures.Explain(e, "") is not null)
        {
            // It is being deleted, or AWS cannot be reached.
        }
    }
}
