using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Execution;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Local;

/// <summary>The model registry's port over the registry's tables.</summary>
internal sealed class LocalModels(ModelTable models, LocalRoot root, LocalObjectStore objects) : IModelRegistry
{
    public Task<ModelVersion?> FindAsync(string group, int version, CancellationToken cancellation) => Task.FromResult(models.Find(group, version));

    public Task<IReadOnlyList<ModelVersion>> ListAsync(string group, CancellationToken cancellation) => Task.FromResult(models.List(group));

    public Task<IReadOnlyList<VersionListed>> DescribeNewestAsync(string group, int most, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<VersionListed>>([.. models.List(group).Take(most).Select(Described)]);

    public Task<VersionListed?> DescribeAsync(string group, int version, CancellationToken cancellation) =>
        Task.FromResult(models.Find(group, version) is { } found ? Described(found) : null);

    public Task<IReadOnlyDictionary<string, double>?> ApprovedMetricsAsync(string group, CancellationToken cancellation) =>
        Task.FromResult(models.List(group).FirstOrDefault(v => v.Status == "Approved")?.Metrics);

    public Task<IReadOnlyDictionary<string, double>> MetricsAsync(string group, int version, CancellationToken cancellation) =>
        Task.FromResult(models.Find(group, version)?.Metrics ?? new Dictionary<string, double>());

    public Task<VersionDescription?> DescriptionAsync(string group, int version, CancellationToken cancellation)
    {
        if (models.Find(group, version) is null)
            return Task.FromResult<VersionDescription?>(null);
        var request = models.Request(group, version);
        return Task.FromResult<VersionDescription?>(new VersionDescription(
            request["ModelPackageDescription"]?.ToString(), VersionDescription.ReadCard(request["ModelCard"]?["ModelCardContent"]?.ToString()),
            Json.TextMembers(request["CustomerMetadataProperties"])));
    }

    public Task<RegisteredVersion> RegisterAsync(string group, ModelRegistration registration, CancellationToken cancellation)
    {
        var fingerprint = Digest.Of(Json.Canonical(StepFingerprint.ByContent(registration.Identity, objects)));
        var (version, status, isNew) = models.Register(group, fingerprint, registration.ModelDataUrl, registration.Sha256, registration.Request, registration.Metrics, "", []);
        return Task.FromResult(new RegisteredVersion(version, status, isNew));
    }

    public async Task<byte[]?> ProvenanceAsync(string group, int version, CancellationToken cancellation) =>
        File.Exists(root.Provenance(group, version)) ? await File.ReadAllBytesAsync(root.Provenance(group, version), cancellation) : null;

    public Task PutProvenanceAsync(string group, int version, byte[] statement, CancellationToken cancellation)
    {
        AtomicFile.Write(root.Provenance(group, version), statement);
        return Task.CompletedTask;
    }

    public Task<ApprovalDecision?> DecisionAsync(string group, int version, string stage, CancellationToken cancellation) =>
        Task.FromResult(models.Decision(group, version, stage));

    public Task<ApprovalDecision?> DecideAsync(string group, ApprovalDecision decision, ApprovalDecision? expected, bool final, CancellationToken cancellation) =>
        Task.FromResult(models.Decide(group, decision, expected, final));

    private VersionListed Described(ModelVersion v) => new(v.Group, v.Version, v.Status, v.Created, v.ExecutionId, models.Parents(ModelTable.Node(v.Group, v.Version)),
        [.. models.Decisions(v.Group, v.Version).Select(d => new DecisionListed(d.Stage, d.Decision, d.Who, d.When, d.Reason))]);
}
