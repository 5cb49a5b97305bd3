using Mlops.Platform.Governance;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <summary>The model card of a version, as a document.</summary>
public static class CardVerb
{
    /// <param name="version">Null: the newest.</param>
    public static async Task<ModelCard> RunAsync(VerbContext context, int? version, CancellationToken cancellation)
    {
        var (workspace, platform, _) = context;
        var group = workspace.Deployment.ModelPackageGroupName;
        var found = await LineageVerb.FindAsync(context, version, cancellation);
        return new ModelCard
        {
            Version = found,
            Model = await platform.Models.FindAsync(group, found.Version, cancellation) ?? throw PlatformErrors.UnknownVersion(group, found.Version, platform.Name).ToException(),
            Description = await platform.Models.DescriptionAsync(group, found.Version, cancellation) ?? new VersionDescription(null, null, new Dictionary<string, string>()),
            Statement = await LineageVerb.FindProvenanceAsync(context, found.Version, cancellation),
            Metrics = await platform.Models.MetricsAsync(group, found.Version, cancellation),
            Stages = await LineageVerb.StagesAsync(context, found.Version, cancellation),
        };
    }
}
