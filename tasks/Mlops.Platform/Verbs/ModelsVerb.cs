using Mlops.Platform.Events;

namespace Mlops.Platform.Verbs;

/// <summary>Looks for versions by what was measured of them, by their properties and by their status.</summary>
public static class ModelsVerb
{
    /// <param name="status">PendingManualApproval, Approved or Rejected; null: any.</param>
    /// <param name="properties">CustomerMetadataProperties that a version must have; an empty value: whatever it is.</param>
    /// <returns>The newest first, with metrics and properties.</returns>
    public static async Task<IReadOnlyList<VersionListed>> RunAsync(VerbContext context, string? status, IReadOnlyDictionary<string, string> properties, IReadOnlyList<MetricCondition> conditions, CancellationToken cancellation)
    {
        var models = context.Platform.Models;
        var found = new List<VersionListed>();
        foreach (var version in (await models.DescribeNewestAsync(context.Workspace.Deployment.ModelPackageGroupName, int.MaxValue, cancellation)).Where(v => status is null || v.Status == status))
        {
            var has = (await models.DescriptionAsync(version.ModelPackageGroupName, version.Version, cancellation))?.Properties ?? new Dictionary<string, string>();
            if (!properties.All(p => has.TryGetValue(p.Key, out var value) && (p.Value.Length == 0 || p.Value == value)))
                continue;
            var metrics = await models.MetricsAsync(version.ModelPackageGroupName, version.Version, cancellation);
            if (conditions.All(c => c.Holds(metrics)))
                found.Add(version with { Metrics = metrics, Properties = has });
        }

        return found;
    }
}
