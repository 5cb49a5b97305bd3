using System.Diagnostics;
using System.Globalization;
using System.Net;
using Amazon.SageMaker;
using Amazon.SageMaker.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Storage;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Aws.Registry;

/// <summary>
/// SageMaker's model registry. A version's ModelApprovalStatus is the decision for the last stage that asks, as in SageMaker Studio; decisions for other stages, and the
/// tests that it passed, are properties of the version.
/// </summary>
/// <param name="prefix">Of everything in the bucket.</param>
/// <param name="stages">In their order.</param>
/// <param name="finalStage">The stage that ModelApprovalStatus is about; null: there are no stages.</param>
internal sealed class SageMakerModels(AwsClients clients, string account, S3ObjectStore objects, DeployLock held, string prefix, IReadOnlyList<string> stages, string? finalStage) : IModelRegistry
{
    /// <summary>How many versions back are looked at by verbs that go on with one of the newest.</summary>
    private const int LookedAt = 50;

    private const int LargestPage = 100;


    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, DescribeModelPackageResponse> known = new(StringComparer.Ordinal);

    /// <summary>What was asked may be of yesterday.</summary>
    public void Forget()
    {
        lock (known)
            known.Clear();
    }

    public string ArnOf(string group, int version) => clients.Arn("sagemaker", account, string.Create(CultureInfo.InvariantCulture, $"model-package/{group}/{version}"));

    public async Task<ModelVersion?> FindAsync(string group, int version, CancellationToken cancellation) =>
        await PackageAsync(ArnOf(group, version), cancellation) is { } found ? VersionOf(group, version, found) : null;

    public Task<IReadOnlyList<ModelVersion>> ListAsync(string group, CancellationToken cancellation) => NewestAsync(group, LookedAt, cancellation);

    public async Task<IReadOnlyList<VersionListed>> DescribeNewestAsync(string group, int most, CancellationToken cancellation)
    {
        var listed = new List<VersionListed>();
        foreach (var version in await NewestAsync(group, most, cancellation))
            listed.Add(await DescribeAsync(version, cancellation));
        return listed;
    }

    public async Task<VersionListed?> DescribeAsync(string group, int version, CancellationToken cancellation) =>
        await FindAsync(group, version, cancellation) is { } found ? await DescribeAsync(found, cancellation) : null;

    public async Task<IReadOnlyDictionary<string, double>?> ApprovedMetricsAsync(string group, CancellationToken cancellation) =>
        await NewestAsync(group, ModelApprovalStatus.Approved, cancellation) is { } version ? await MetricsAsync(group, version, cancellation) : null;

    public async Task<IReadOnlyDictionary<string, double>> MetricsAsync(string group, int version, CancellationToken cancellation)
    {
        var package = await PackageAsync(ArnOf(group, version), cancellation);
        return package?.ModelMetrics?.ModelQuality?.Statistics?.S3Uri is { } uri && await objects.ReadAsync(uri, cancellation) is { } report ? Numbers(uri, report) : new Dictionary<string, double>();
    }

    public async Task<VersionDescription?> DescriptionAsync(string group, int version, CancellationToken cancellation) => await PackageAsync(ArnOf(group, version), cancellation) is { } package
        ? new VersionDescription(package.ModelPackageDescription, VersionDescription.ReadCard(package.ModelCard?.ModelCardContent),
            (package.CustomerMetadataProperties ?? []).Where(p => !VersionProperties.IsOurs(p.Key)).ToDictionary(StringComparer.Ordinal))
        : null;

    public Task<byte[]?> ProvenanceAsync(string group, int version, CancellationToken cancellation) => objects.ReadKeyAsync(ProvenanceKey(group, version), cancellation);

    public async Task PutProvenanceAsync(string group, int version, byte[] statement, CancellationToken cancellation)
    {
        await held.HoldAsync(cancellation);
        await objects.AddAsync(ProvenanceKey(group, version), statement, cancellation);
    }

    public async Task<RegisteredVersion> RegisterAsync(string group, ModelRegistration registration, CancellationToken cancellation)
    {
        await held.HoldAsync(cancellation);
        var content = Digest.Of(Json.Canonical(registration.Identity));
        foreach (var version in await NewestAsync(group, int.MaxValue, cancellation))
        {
            if ((await PackageAsync(ArnOf(group, version.Version), cancellation))?.CustomerMetadataProperties?.GetValueOrDefault(VersionProperties.Content) == content)
                return new RegisteredVersion(version.Version, version.Status, false);
        }

        var request = RegistrationRequest.Of(registration.Request);
        request.ModelPackageGroupName = group;
        (request.CustomerMetadataProperties ??= [])[VersionProperties.Content] = content;
        // At most 36 characters; a request that is repeated makes one version.
        request.ClientToken = Guid.NewGuid().ToString("N");
        var arn = (await clients.SageMaker.CreateModelPackageAsync(request, cancellation)).ModelPackageArn;
        return new RegisteredVersion(int.Parse(ResourceNames.LastPart(arn), CultureInfo.InvariantCulture), "PendingManualApproval", true);
    }

    /// <summary>Takes every version of a group away, and the group. Returns how many versions went.</summary>
    public async Task<int> EraseAsync(string group, CancellationToken cancellation)
    {
        var (erased, clock, waits) = (0, Stopwatch.StartNew(), new Waits(LongestPause));
        foreach (var version in await ListAsync(group, null, int.MaxValue, cancellation))
            erased += await DeletePackageAsync(clients, ArnOf(group, version), cancellation) ? 1 : 0;
        while (true)
        {
            try
            {
                await clients.SageMaker.DeleteModelPackageGroupAsync(new DeleteModelPackageGroupRequest { ModelPackageGroupName = group }, cancellation);
                return erased;
            }
            catch (AmazonSageMakerException e) when (IsMissing(e))
            {
                // A destroy before this one took it away.
                return erased;
            }
            catch (ConflictException) when (clock.Elapsed < Grace)
            {
                // What was just deleted is counted for a while.
                await waits.WaitAsync(cancellation);
            }
        }
    }

    /// <summary>Returns false where it was gone.</summary>
    public static async Task<bool> DeletePackageAsync(AwsClients clients, string arn, CancellationToken cancellation)
    {
        try
        {
            await clients.SageMaker.DeleteModelPackageAsync(new DeleteModelPackageRequest { ModelPackageName = arn }, cancellation);
            return true;
        }
        catch (AmazonSageMakerException e) when (IsMissing(e))
        {
            return false;
        }
    }

    private string ProvenanceKey(string group, int version) => string.Create(CultureInfo.InvariantCulture, $"{prefix}/provenance/{group}/{version}.intoto.json");

    /// <summary>The newest version with a status (null: any), or null.</summary>
    public async Task<int?> NewestAsync(string group, ModelApprovalStatus? status, CancellationToken cancellation) =>
        (await ListAsync(group, status, 1, cancellation)).Select(v => (int?)v).FirstOrDefault();

    public async Task<ApprovalDecision?> DecisionAsync(string group, int version, string stage, CancellationToken cancellation) =>
        await PackageAsync(ArnOf(group, version), cancellation) is { } package ? DecisionOf(package, version, stage) : null;

    public async Task<ApprovalDecision?> DecideAsync(string group, ApprovalDecision decision, ApprovalDecision? expected, bool final, CancellationToken cancellation)
    {
        await held.HoldAsync(cancellation);
        var arn = ArnOf(group, decision.Version);
        lock (known)
            known.Remove(arn);
        var package = await PackageAsync(arn, cancellation) ?? throw PlatformErrors.UnknownVersion(group, decision.Version, PlatformNames.Aws).ToException();
        if (DecisionOf(package, decision.Version, decision.Stage) is { } latest && (latest.Decision, latest.Who, latest.When) != (expected?.Decision, expected?.Who, expected?.When))
            return latest;
        var status = ModelApprovalStatus.FindValue(decision.Decision);
        var properties = VersionProperties.Of(decision);
        if (final)
            properties[VersionProperties.Final] = decision.Stage;
        else
            Keep(package, decision.Version, properties);
        var outdated = new[] { VersionProperties.Reason(decision.Stage) }.Where(k => !properties.ContainsKey(k) && package.CustomerMetadataProperties?.ContainsKey(k) == true).ToList();
        await UpdateAsync(arn, properties, outdated, final && package.ModelApprovalStatus != status ? (status, VersionProperties.Description(decision)) : null, cancellation);
        return null;
    }

    public async Task<bool> IsTestedAsync(string group, int version, string stage, string tests, CancellationToken cancellation) =>
        (await PackageAsync(ArnOf(group, version), cancellation))?.CustomerMetadataProperties?.GetValueOrDefault(VersionProperties.Tests(stage)) == tests;

    public async Task MarkTestedAsync(string group, int version, string stage, string tests, CancellationToken cancellation)
    {
        await held.HoldAsync(cancellation);
        var properties = new Dictionary<string, string> { [VersionProperties.Tests(stage)] = tests };
        lock (known)
            known.Remove(ArnOf(group, version)); // Somebody may have decided while the stage was made.
        if (await PackageAsync(ArnOf(group, version), cancellation) is { } package)
            Keep(package, version, properties);
        await UpdateAsync(ArnOf(group, version), properties, [], null, cancellation);
    }

    /// <summary>Every update moves the date of the last change, by which alone a decision made elsewhere is known: it is written down before.</summary>
    private void Keep(DescribeModelPackageResponse package, int version, Dictionary<string, string> properties)
    {
        if (finalStage is null || VersionProperties.Read(package.CustomerMetadataProperties ?? [], version, finalStage)?.Decision == package.ModelApprovalStatus?.Value || DecisionOf(package, version, finalStage) is not { } elsewhere)
            return;
        foreach (var (key, value) in VersionProperties.Of(elsewhere).Append(new(VersionProperties.Final, finalStage)))
            properties[key] = value;
    }

    private ApprovalDecision? DecisionOf(DescribeModelPackageResponse package, int version, string stage)
    {
        var own = VersionProperties.Read(package.CustomerMetadataProperties ?? [], version, stage);
        var status = package.ModelApprovalStatus?.Value;
        if (stage != finalStage || own?.Decision == status)
            return own;
        // Both are written in one request: an own decision beside another status was taken back since.
        if (status is not ("Approved" or "Rejected"))
            return null;
        // It was the decision for another stage, which was the last that asks then.
        if (package.CustomerMetadataProperties?.GetValueOrDefault(VersionProperties.Final) is { } meant && meant != stage && VersionProperties.Read(package.CustomerMetadataProperties, version, meant)?.Decision == status)
            return null;
        // Decided in SageMaker Studio, or by another tool.
        return new ApprovalDecision(version, stage, status, package.LastModifiedBy?.UserProfileName ?? package.LastModifiedBy?.IamIdentity?.Arn ?? "SageMaker", package.LastModifiedTime ?? package.CreationTime ?? default(DateTime),
            own is not null && package.ApprovalDescription == VersionProperties.Description(own) ? null : package.ApprovalDescription);
    }

    private async Task UpdateAsync(string arn, Dictionary<string, string> properties, List<string> outdated, (ModelApprovalStatus Status, string Description)? approval, CancellationToken cancellation)
    {
        await clients.SageMaker.UpdateModelPackageAsync(new UpdateModelPackageRequest
        {
            ModelPackageArn = arn,
            CustomerMetadataProperties = properties,
            CustomerMetadataPropertiesToRemove = outdated.Count == 0 ? null : outdated,
            ModelApprovalStatus = approval?.Status,
            ApprovalDescription = approval?.Description,
        }, cancellation);
        lock (known)
            known.Remove(arn);
    }

    private async Task<IReadOnlyList<ModelVersion>> NewestAsync(string group, int most, CancellationToken cancellation) =>
        [.. (await Questions.AskAsync(await ListAsync(group, null, most, cancellation), (number, token) => FindAsync(group, number, token), cancellation)).OfType<ModelVersion>()];

    private async Task<VersionListed> DescribeAsync(ModelVersion version, CancellationToken cancellation)
    {
        var decisions = new List<DecisionListed>();
        foreach (var stage in stages)
        {
            if (await DecisionAsync(version.Group, version.Version, stage, cancellation) is { } d)
                decisions.Add(new DecisionListed(d.Stage, d.Decision, d.Who, d.When, d.Reason));
        }

        return new VersionListed(version.Group, version.Version, version.Status, version.Created, version.ExecutionId, [version.ModelDataUrl], decisions);
    }

    /// <summary>Numbers of the newest versions, the newest first; none where there is no such group.</summary>
    private async Task<IReadOnlyList<int>> ListAsync(string group, ModelApprovalStatus? status, int most, CancellationToken cancellation)
    {
        var request = new ListModelPackagesRequest { ModelPackageGroupName = group, ModelApprovalStatus = status, MaxResults = Math.Min(most, LargestPage), SortBy = ModelPackageSortBy.CreationTime, SortOrder = SortOrder.Descending };
        try
        {
            return await Pages.AllAsync(
                token =>
                {
                    request.NextToken = token;
                    return clients.SageMaker.ListModelPackagesAsync(request, cancellation);
                },
                a => a.ModelPackageSummaryList?.Select(s => s.ModelPackageVersion).OfType<int>(),
                a => a.NextToken).Take(most).ToListAsync(cancellation);
        }
        catch (AmazonSageMakerException e) when (IsMissing(e))
        {
            return [];
        }
    }

    /// <summary>Null: there is none.</summary>
    public async Task<DescribeModelPackageResponse?> PackageAsync(string arn, CancellationToken cancellation)
    {
        lock (known)
        {
            if (known.TryGetValue(arn, out var found))
                return found;
        }

        try
        {
            var answer = await clients.SageMaker.DescribeModelPackageAsync(new DescribeModelPackageRequest { ModelPackageName = arn }, cancellation);
            lock (known)
                known[arn] = answer;
            return answer;
        }
        catch (AmazonSageMakerException e) when (IsMissing(e))
        {
            return null;
        }
    }

    /// <summary>The registry says so with ValidationException, which others are, too.</summary>
    public static bool IsMissing(AmazonSageMakerException e) => e.ErrorCode is "ResourceNotFound" or "ResourceNotFoundException" ||
        (e.StatusCode == HttpStatusCode.BadRequest && (e.Message.Contains("does not exist", StringComparison.OrdinalIgnoreCase) || e.Message.Contains("could not find", StringComparison.OrdinalIgnoreCase)));

    private static ModelVersion VersionOf(string group, int version, DescribeModelPackageResponse package) => new(
        group, version, package.ModelApprovalStatus?.Value ?? "PendingManualApproval", package.InferenceSpecification?.Containers?.FirstOrDefault()?.ModelDataUrl ?? "",
        package.InferenceSpecification?.Containers?.FirstOrDefault()?.ModelDataETag ?? "", package.CreationTime ?? default(DateTime), package.MetadataProperties?.GeneratedBy is { } by ? ResourceNames.LastPart(by) : "");

    private static IReadOnlyDictionary<string, double> Numbers(string uri, byte[] report)
    {
        try
        {
            return EvaluationReport.Numbers(Json.ReadObject(report, "It"));
        }
        catch (DefinitionException e)
        {
            throw AwsErrors.ReportUnreadable(uri, e.Message).ToException();
        }
    }
}
