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
    private const string Template = "model-deploy";
    private const string StreamStart = "StreamStart";
    private const string StreamSource = "StreamSource";
    private const string PackageParameter = "ModelPackageArn";
    private const string BucketParameter = "ModelBucketName";

    private readonly RegionalVersions regional = new(access, site, models, workspace, events);

    private readonly Lazy<StackTemplateFile> template = new(() => StackTemplateFile.Read(workspace.Artifacts, Template));

    /// <summary>Asked once, until a stage is changed.</summary>
    private readonly Dictionary<string, StageState?> known = new(StringComparer.Ordinal);

    private readonly Dictionary<string, StackState?> stacks = new(StringComparer.Ordinal);

    private DeploymentDefinition Deployment => workspace.Deployment;

    private string Group => Deployment.ModelPackageGroupName;

    public async Task<StageState?> DescribeAsync(Stage stage, CancellationToken cancellation) =>
        known.TryGetValue(stage.Name, out var found) ? found : known[stage.Name] = await AskAsync(stage, cancellation);

    /// <summary>Refuses endpoints that would have to become of another kind.</summary>
    public async Task CheckModesAsync(CancellationToken cancellation)
    {
        foreach (var stage in Deployment.Stages)
            RefuseOtherMode(stage, await StackAsync(stage, cancellation));
    }

    private async Task<StackState?> StackAsync(Stage stage, CancellationToken cancellation) =>
        stacks.TryGetValue(stage.Name, out var found) ? found : stacks[stage.Name] = await new StackClient(await access.OpenAsync(stage.Aws, cancellation), events).FindAsync(StackName(stage), cancellation);

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
        if (await StackAsync(stage, cancellation) is not { } stack || !stack.Parameters.TryGetValue(PackageParameter, out var package))
            return null;
        if (stack.IsEmpty || stack.NeverWhole || stack.Status == "ROLLBACK_IN_PROGRESS")
            return null;
        var version = VersionOf(package);
        // Of a version that is gone there is what its stack says of it.
        var request = await RequestAsync(stage, await FindPackageAsync(stage, version, cancellation) ?? new(package, stack.Parameters.GetValueOrDefault(BucketParameter)), await FurtherAsync(stage, PackageAsync, cancellation), cancellation);
        return new StageState(version, Url(clients, stage, stack), stack.IsWhole, stack.Equals(request) && (stack.Protected || !IsLast(stage)), JsonSerializer.Serialize(new StageSettings(stack.TemplateSha256, stack.Parameters), StageJson.Default.StageSettings));
    }

    public async Task<bool> IsThereAsync(Stage stage, CancellationToken cancellation)
    {
        try
        {
            if (stage.Endpoint is not null)
                await (await access.OpenAsync(stage.Aws, cancellation)).SageMaker.DescribeEndpointAsync(new Amazon.SageMaker.Model.DescribeEndpointRequest { EndpointName = stage.EndpointName }, cancellation);
            return true;
        }
        catch (AmazonSageMakerException e) when (e.Message.Contains("could not find", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }
    }

    public async Task<IReadOnlyList<PlannedChange>> PlanAsync(Stage stage, ModelVersion? version, CancellationToken cancellation)
    {
        var clients = await access.OpenAsync(stage.Aws, cancellation);
        var stack = await StackAsync(stage, cancellation);
        RefuseOtherMode(stage, stack);
        if (stack is { IsWhole: true, IsEmpty: false } && !await IsThereAsync(stage, cancellation))
            return [new PlannedChange("Change", "stage", stage.Name, $"somebody else deleted its endpoint: 'mlops destroy --platform {PlatformNames.Aws} --stage {stage.Name}', then deploy again")];
        if (stack is { IsEmpty: false, IsWhole: false, NeverWhole: false })
            return [StackPlan.Unfinished(stack)];
        var before = stack?.Parameters.GetValueOrDefault(PackageParameter);
        if (version is null)
            return [new PlannedChange(before is null ? "Add" : "Change", "stage", stage.Name, before is null ? "the new version" : string.Create(CultureInfo.InvariantCulture, $"version {VersionOf(before)} -> the new version"))];
        var request = await RequestAsync(stage, await PackageAsync(stage, version.Version, cancellation), await FurtherAsync(stage, PackageAsync, cancellation), cancellation);
        return await new StackPlan(clients, events).OfAsync(request, stack, storeTemplate, cancellation);
    }

    public async Task<StageState> PutAsync(Stage stage, ModelVersion version, string? settings, CancellationToken cancellation)
    {
        await held.HoldAsync(cancellation);
        if (settings is null)
            RefuseOtherMode(stage, await StackAsync(stage, cancellation));
        Forget(stage.Name);
        var clients = await access.OpenAsync(stage.Aws, cancellation);
        var stacks = new StackClient(clients, events);
        var package = await BringAsync(stage, version.Version, cancellation);
        var request = settings is null
            ? await RequestAsync(stage, package, await FurtherAsync(stage, BringAsync, cancellation), cancellation)
            : await EarlierAsync(stage, package, JsonSerializer.Deserialize(settings, StageJson.Default.StageSettings)!, cancellation);
        var key = TemplateKey(request.Template.Sha256);
        // The way back needs the template of today.
        await site.Objects.PutAsync(key, System.Text.Encoding.UTF8.GetBytes(request.Template.Source), cancellation);
        if (!request.Template.FitsInRequest)
            request = request with { TemplateUrl = await storeTemplate(request.Template, cancellation) };
        var scaled = await LetGoOfScalingAsync(stage, stacks, request, cancellation);
        StackState stack;
        try
        {
            stack = await stacks.PutAsync(request, cancellation);
        }
        catch (OperationCanceledException) when (scaled is not null && cancellation.IsCancellationRequested)
        {
            // The change goes on without us, and must not be undone.
            events.Add(new Notice($"{scaled.Name}: autoscaling comes with the change that goes on; the same command again sees it through"));
            throw;
        }
        catch when (scaled is not null)
        {
            await ScaleAgainAsync(stacks, scaled);
            throw;
        }

        if (IsLast(stage) && !stack.Protected)
            await stacks.ProtectAsync(stack.Name, on: true, cancellation);
        await new WatchedBuckets(clients, events).WarnAsync(request.Template, cancellation);
        return new StageState(version.Version, Url(clients, stage, stack), Healthy: true, UpToDate: true, JsonSerializer.Serialize(new StageSettings(request.Template.Sha256, request.Parameters), StageJson.Default.StageSettings));
    }

    /// <summary>
    /// "Update endpoints that use auto scaling": SageMaker changes neither the instance type nor the name of a variant that is registered with Application
    /// Auto Scaling. It is taken off first; the stack as it is wanted registers it again.
    /// </summary>
    /// <returns>What the stack was, where that was done; else null.</returns>
    private async Task<StackRequest?> LetGoOfScalingAsync(Stage stage, StackClient client, StackRequest wanted, CancellationToken cancellation)
    {
        if (await StackAsync(stage, cancellation) is not { IsWhole: true, TemplateSha256: { } hash } stack || await site.Objects.ReadAsync($"s3://{site.Objects.Bucket}/{TemplateKey(hash)}", cancellation) is not { } content)
            return null;
        var there = StackTemplateFile.Parse(content, "The earlier template");
        var after = wanted.Template.Variants(wanted.Parameters);
        if (!there.IsScaled || there.Variants(stack.Parameters).All(v => after.GetValueOrDefault(v.Key) == v.Value))
            return null;
        events.Add(new Notice($"{stack.Name}: its variants become others, and SageMaker does not change those that are scaled: autoscaling is off until the change is through"));
        var tags = stack.Tags.Where(t => !t.Key.StartsWith("aws:", StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);
        await client.PutAsync(await OfAsync(there.WithoutScaling()), cancellation);
        Forget(stage.Name);
        return await OfAsync(there);

        async Task<StackRequest> OfAsync(StackTemplateFile template) =>
            new(stack.Name, template, template.FitsInRequest ? null : await storeTemplate(template, cancellation), stack.Parameters.Where(p => template.Parameters.Contains(p.Key)).ToDictionary(StringComparer.Ordinal), tags);
    }

    /// <summary>The change did not go through: what was scaled before is scaled again. Why it did not is what the caller hears of.</summary>
    private async Task ScaleAgainAsync(StackClient client, StackRequest before)
    {
        try
        {
            await client.PutAsync(before, CancellationToken.None);
        }
        catch (Exception e) when (((e as PlatformException)?.Problem ?? Failures.Explain(e, "")) is { } problem)
        {
            events.Add(problem);
            events.Add(AwsErrors.NotScaled(before.Name));
        }
    }

    public async Task<bool> DeleteAsync(Stage stage, bool evenProtected, CancellationToken cancellation)
    {
        var clients = await access.OpenAsync(stage.Aws, cancellation);
        return await DeleteAsync(clients, StackName(stage), stage.Name, evenProtected, cancellation);
    }

    public Task DeleteAsync(OtherEndpoint endpoint, bool evenProtected, CancellationToken cancellation) => DeleteAsync(site.Clients, $"{Deployment.ModelName}-{endpoint.Name}", endpoint.Name, evenProtected, cancellation);

    public Task<InvokeResult> InvokeAsync(Stage stage, InvokeRequest request, CancellationToken cancellation) => new StageInvoker(access, site, workspace).InvokeAsync(stage, request, cancellation);

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
        var known = stages.Select(StackName).Append(site.StackName).ToHashSet(StringComparer.Ordinal);
        var found = new List<OtherEndpoint>();
        string? token = null;
        do
        {
            var answer = await site.Clients.CloudFormation.DescribeStacksAsync(new DescribeStacksRequest { NextToken = token }, cancellation);
            foreach (var stack in (answer.Stacks ?? []).Select(StackState.Of).Where(s => s.Name.StartsWith(Deployment.ModelName + "-", StringComparison.Ordinal) && !known.Contains(s.Name)))
            {
                // Another model may be called alike: what is ours serves a version of our group.
                if (stack.Parameters.GetValueOrDefault(PackageParameter) is { } package && package.Contains($":model-package/{Group}/", StringComparison.Ordinal))
                    found.Add(new OtherEndpoint(stack.Name[(Deployment.ModelName.Length + 1)..], VersionOf(package)));
            }

            token = answer.NextToken;
        }
        while (token is not null);
        return found;
    }

    /// <summary>"UpdateEndpoint": an endpoint stays realtime, serverless or asynchronous.</summary>
    private static void RefuseOtherMode(Stage stage, StackState? stack)
    {
        if (stack is { IsEmpty: false, NeverWhole: false } && stage.Endpoint is { } wanted && stack.Outputs.GetValueOrDefault("EndpointMode") is { } mode && mode != wanted.ToString())
            throw AwsErrors.OtherMode(stage.Name, mode, wanted.ToString()).ToException();
    }

    private bool IsLast(Stage stage) => stage.Name == Deployment.Stages[^1].Name;

    private string StackName(Stage stage) => ResourceNames.Stack(Deployment.ModelName, stage.Name);

    private string TemplateKey(string sha256) => $"{Deployment.Prefix}/templates/{sha256}.json";

    /// <summary>model-package/GROUP/VERSION, or where it is a copy, model-package/NAME-VERSION.</summary>
    private static int VersionOf(string package) => int.TryParse(package[(package.LastIndexOfAny(['/', '-']) + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : throw AwsErrors.NotOurVersion(package).ToException();

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
        await held.HoldAsync(cancellation);
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

    /// <param name="further">Packages of versions beside the one that is deployed, by their parameters.</param>
    private async Task<StackRequest> RequestAsync(Stage stage, ServedPackage package, IReadOnlyDictionary<string, string> further, CancellationToken cancellation)
    {
        var (parameters, tags) = StackParameters.Read(workspace.Artifacts, $"parameters.{stage.Name}.json", Template);
        var values = new Dictionary<string, string>(parameters, StringComparer.Ordinal) { [PackageParameter] = package.Arn };
        if (package.Bucket is { } bucket)
            values[BucketParameter] = bucket;
        values.TryAdd("BucketName", stage.Aws.Bucket ?? site.Objects.Bucket);
        if (site.Topic is { } topic)
            values.TryAdd("TopicArn", topic);
        foreach (var (parameter, arn) in further)
            values[parameter] = arn;
        await KeepStreamStartAsync(stage, values, cancellation);
        return new StackRequest(StackName(stage), template.Value, null, Only(values, template.Value), tags);
    }

    /// <summary>A stream has been read from somewhere on: where its first reading begins is no longer a question, and Lambda takes no other answer for the same stream.</summary>
    private async Task KeepStreamStartAsync(Stage stage, Dictionary<string, string> values, CancellationToken cancellation)
    {
        if (values.ContainsKey(StreamStart) && await StackAsync(stage, cancellation) is { IsEmpty: false, NeverWhole: false } there &&
            there.Parameters.GetValueOrDefault(StreamSource) == values.GetValueOrDefault(StreamSource) && there.Parameters.TryGetValue(StreamStart, out var start))
            values[StreamStart] = start;
    }

    /// <summary>The package of a version where the stage is, as it is or would be.</summary>
    private async Task<ServedPackage> PackageAsync(Stage stage, int version, CancellationToken cancellation) =>
        await FindPackageAsync(stage, version, cancellation) ?? throw PlatformErrors.UnknownVersion(Group, version).ToException();

    /// <summary>Null: the registry no longer has the version that a stage elsewhere is given a copy of.</summary>
    private async Task<ServedPackage?> FindPackageAsync(Stage stage, int version, CancellationToken cancellation)
    {
        if (!await regional.IsNeededAsync(stage, cancellation))
            return new ServedPackage(models.ArnOf(Group, version), await ModelBucketAsync(version, cancellation));
        return await regional.FindAsync(stage, Group, version, cancellation) is { } copy ? new ServedPackage(copy.Arn, copy.Bucket) : null;
    }

    /// <summary>Makes a version be where the stage is.</summary>
    private async Task<ServedPackage> BringAsync(Stage stage, int version, CancellationToken cancellation)
    {
        if (await regional.IsNeededAsync(stage, cancellation) && await regional.FindAsync(stage, Group, version, cancellation) is { } copy)
            await regional.PutAsync(stage, copy, cancellation);
        return await PackageAsync(stage, version, cancellation);
    }

    /// <summary>The bucket of this project that the version lies in, which may be another than today's. A model that was brought from elsewhere has a permission of its own.</summary>
    private async Task<string> ModelBucketAsync(int version, CancellationToken cancellation) =>
        (await models.FindAsync(Group, version, cancellation))?.ModelDataUrl is { } url && Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme == "s3"
        && uri.AbsolutePath.StartsWith($"/{Deployment.Prefix}/", StringComparison.Ordinal) ? uri.Host : site.Objects.Bucket;

    private async Task<StackRequest> EarlierAsync(Stage stage, ServedPackage package, StageSettings settings, CancellationToken cancellation)
    {
        var (_, tags) = StackParameters.Read(workspace.Artifacts, $"parameters.{stage.Name}.json", Template);
        var content = settings.TemplateSha256 is { } hash ? await site.Objects.ReadAsync($"s3://{site.Objects.Bucket}/{TemplateKey(hash)}", cancellation) : null;
        var earlier = content is null ? template.Value : StackTemplateFile.Parse(content, "The earlier template");
        var values = new Dictionary<string, string>(settings.Parameters, StringComparer.Ordinal) { [PackageParameter] = package.Arn };
        if (package.Bucket is { } bucket)
            values[BucketParameter] = bucket;
        return new StackRequest(StackName(stage), earlier, null, Only(values, earlier), tags);
    }

    /// <summary>Packages of the versions beside the one that is deployed, by their parameters.</summary>
    /// <param name="package">The package of a version where the stage is.</param>
    private async Task<Dictionary<string, string>> FurtherAsync(Stage stage, Func<Stage, int, CancellationToken, Task<ServedPackage>> package, CancellationToken cancellation)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var further in stage.FurtherVersions)
            found[further.Parameter] = (await package(stage, await FurtherAsync(stage, further.Version, cancellation), cancellation)).Arn;
        return found;
    }

    private async Task<int> FurtherAsync(Stage stage, string version, CancellationToken cancellation)
    {
        var number = version switch
        {
            "approved" => await models.NewestAsync(Group, ModelApprovalStatus.Approved, cancellation),
            "latest" => await models.NewestAsync(Group, null, cancellation),
            _ => int.Parse(version, CultureInfo.InvariantCulture) is var given && await models.FindAsync(Group, given, cancellation) is not null ? given : null,
        };
        return number ?? throw AwsErrors.NoSuchVersion(stage.Name, version).ToException();
    }

    private static Dictionary<string, string> Only(Dictionary<string, string> values, StackTemplateFile template)
    {
        var declared = template.Parameters.ToHashSet(StringComparer.Ordinal);
        return values.Where(v => declared.Contains(v.Key)).ToDictionary(StringComparer.Ordinal);
    }
}

/// <param name="Arn">Of the model package.</param>
/// <param name="Bucket">That its archive lies in, where the stage's role has to be told; null: it is not known.</param>
internal sealed record ServedPackage(string Arn, string? Bucket);
