using System.Globalization;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Governance;

namespace Mlops.Platform.Verbs;

/// <summary>Where a version comes from (data, code, parameters, metrics) and where it went (decisions, stages).</summary>
public static class LineageVerb
{
    /// <param name="version">Null: the newest.</param>
    public static async Task<LineageListed> RunAsync(VerbContext context, int? version, CancellationToken cancellation)
    {
        var (workspace, platform, _) = context;
        var group = workspace.Deployment.ModelPackageGroupName;
        var found = await FindAsync(context, version, cancellation);
        var statement = await FindProvenanceAsync(context, found.Version, cancellation);
        if (statement is null)
            context.Events.Add(PlatformErrors.NoProvenance(group, found.Version).AsWarning());
        return new LineageListed(
            group, found.Version, found.ExecutionId, [.. (statement?.Subjects.Concat(statement.Materials) ?? []).Select(m => new LineageItem(m.Name, m.Uri, m.Algorithm is null ? null : $"{m.Algorithm}:{m.Digest}"))],
            statement?.Parameters ?? new Dictionary<string, string>(), await platform.Models.MetricsAsync(group, found.Version, cancellation), found.Decisions, await StagesAsync(context, found.Version, cancellation));
    }

    /// <param name="version">Null: the newest.</param>
    public static async Task<VersionListed> FindAsync(VerbContext context, int? version, CancellationToken cancellation)
    {
        var group = context.Workspace.Deployment.ModelPackageGroupName;
        if (version is { } wanted)
            return await context.Platform.Models.DescribeAsync(group, wanted, cancellation) ?? throw PlatformErrors.UnknownVersion(group, wanted, context.Platform.Name).ToException();
        return await context.Platform.Models.DescribeNewestAsync(group, 1, cancellation) is [var newest, ..] ? newest : throw PlatformErrors.NoVersion(group, context.Platform.Name).ToException();
    }

    /// <summary>The stages that serve a version.</summary>
    public static async Task<IReadOnlyList<StageUrl>> StagesAsync(VerbContext context, int version, CancellationToken cancellation)
    {
        var stages = new List<StageUrl>();
        foreach (var stage in context.Workspace.Deployment.Stages)
        {
            var (state, hidden) = await StageView.OfAsync(context, stage, cancellation);
            if (hidden is not null)
                context.Events.Add(new Notice($"{stage.Name}: not visible to {context.Platform.Caller} ({hidden.Code})"));
            else if (state?.Version == version)
                stages.Add(new StageUrl(stage.Name, state.Url, state.Version));
        }

        return stages;
    }

    /// <summary>Null: nobody wrote one.</summary>
    public static async Task<Provenance?> FindProvenanceAsync(VerbContext context, int version, CancellationToken cancellation)
    {
        try
        {
            return await context.Platform.Models.FindAsync(context.Workspace.Deployment.ModelPackageGroupName, version, cancellation) is { } found ? await Provenance.FindAsync(context, found, cancellation) : null;
        }
        catch (DefinitionException e)
        {
            throw PlatformErrors.ProvenanceUnreadable(string.Create(CultureInfo.InvariantCulture, $"version {version}"), e.Message).ToException();
        }
    }

    public static async Task<Provenance> ProvenanceOfAsync(VerbContext context, int version, CancellationToken cancellation)
    {
        var group = context.Workspace.Deployment.ModelPackageGroupName;
        return await FindProvenanceAsync(context, version, cancellation) ?? throw PlatformErrors.NoProvenance(group, version).ToException();
    }
}
