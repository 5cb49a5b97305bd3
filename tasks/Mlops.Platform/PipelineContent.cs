using Mlops.Definitions;

namespace Mlops.Platform;

/// <summary>What of a published definition decides what a run of it makes.</summary>
public static class PipelineContent
{
    /// <summary>
    /// Without the commit, which is recorded and does not make a run another one, and without the limits that an approved version gives: its own run would be
    /// repeated as soon as it is approved, and make a version that nobody has approved.
    /// </summary>
    public static PipelineDefinition Of(DeploymentDefinition deployment, PipelineDefinition definition)
    {
        var apart = deployment.Gates.SelectMany(g => g.Baselines).Select(b => b.Parameter).Append(PublishedParameters.GitCommit).ToHashSet(StringComparer.Ordinal);
        return definition with { Parameters = [.. definition.Parameters.Where(p => !apart.Contains(p.Name))] };
    }

    public static string DigestOf(DeploymentDefinition deployment, PipelineDefinition definition) => Digest.Of(Json.Canonical(Of(deployment, definition).ToJson()));
}
