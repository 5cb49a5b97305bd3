using System.Globalization;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Governance;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <summary>Whether a version may enter a stage: the tests of the stage before, and a person where the stage asks one.</summary>
internal static class StageEntry
{
    /// <param name="explicitly">The caller named this stage: what stands in the way is an error, not a notice.</param>
    public static async Task<bool> MayEnterAsync(VerbContext context, Stage stage, ModelVersion version, bool explicitly, CancellationToken cancellation)
    {
        if (await MissingTestAsync(context, stage, version, cancellation) is { } missing)
            throw missing.ToException();
        var decision = await context.Platform.Models.DecisionAsync(version.Group, version.Version, stage.Name, cancellation);
        if (decision?.Decision == "Rejected")
        {
            var rejected = PlatformErrors.Rejected(version.Version, stage.Name, decision.Reason);
            if (explicitly)
                throw rejected.ToException();
            context.Events.Add(rejected.AsWarning());
            context.Events.Add(new StageChanged(stage.Name, "Rejected", version.Version));
            await TellWhatServesAsync(context, stage, cancellation);
            return false;
        }

        if (stage.Admits(decision?.Decision))
            return true;
        if (explicitly)
            throw PlatformErrors.NotApproved(version.Version, stage.Name, context.Platform.Name).ToException();
        context.Events.Add(new StageChanged(stage.Name, "PendingApproval", version.Version) { Platform = context.Platform.Name == PlatformNames.Local ? null : context.Platform.Name });
        await TellWhatServesAsync(context, stage, cancellation);
        await TellOfApprovedAsync(context, stage, version, cancellation);
        return false;
    }

    /// <summary>
    /// Where nothing ran: a newer version that a stage serves by now, of a retraining, brought from elsewhere, or of the same pipeline with other parameters. It
    /// stays. One of another pipeline does not: whoever goes back to this one means its version. Null: there is none that stays.
    /// </summary>
    /// <param name="version">What a run of this content made.</param>
    /// <param name="pipeline">As it is published, or would be.</param>
    public static async Task<ModelVersion?> NewerAsync(VerbContext context, Stage stage, ModelVersion version, PipelineDefinition pipeline, CancellationToken cancellation)
    {
        var models = context.Platform.Models;
        if (await context.Platform.Stages.DescribeAsync(stage, cancellation) is not { } serving || serving.Version <= version.Version
            || await models.FindAsync(version.Group, serving.Version, cancellation) is not { } newer || newer.Status == "Rejected"
            || !stage.Admits((await models.DecisionAsync(newer.Group, newer.Version, stage.Name, cancellation))?.Decision))
            return null;
        return await MadeOfAsync(context, newer, cancellation) is { IsOfPipeline: true } made && made.PipelineSha256 != PipelineContent.DigestOf(context.Workspace.Deployment, pipeline) ? null : newer;
    }

    public static Notice Keeps(Stage stage, ModelVersion newer, ModelVersion version) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{stage.Name}: keeps version {newer.Version}, which is newer than version {version.Version} of the pipeline that is here: nothing of that has changed since"));

    private static async Task<Provenance?> MadeOfAsync(VerbContext context, ModelVersion version, CancellationToken cancellation)
    {
        try
        {
            return await Provenance.FindAsync(context, version, cancellation);
        }
        catch (DefinitionException)
        {
            return null; // What is there is no statement.
        }
    }

    /// <summary>The tests of the stage before that this version has not passed.</summary>
    private static async Task<Problem?> MissingTestAsync(VerbContext context, Stage stage, ModelVersion version, CancellationToken cancellation)
    {
        var before = context.Workspace.Deployment.Stages.TakeWhile(s => s != stage).LastOrDefault();
        // What serves there has passed them once, and is not brought in.
        return before is null || (await context.Platform.Stages.DescribeAsync(stage, cancellation))?.Version == version.Version || await context.Platform.Stages.IsTestedAsync(before, version.Version, StageTests.HashOf(context.Workspace, before), cancellation)
            ? null : PlatformErrors.NotTestedBefore(version.Version, stage.Name, before.Name);
    }

    private static async Task TellWhatServesAsync(VerbContext context, Stage stage, CancellationToken cancellation)
    {
        if (await context.Platform.Stages.DescribeAsync(stage, cancellation) is { Healthy: true } serving)
            context.Events.Add(new Notice($"{stage.Name}: goes on serving version {serving.Version}"));
    }

    /// <summary>An older version may have been approved after a newer one was made: it enters when it is named.</summary>
    private static async Task TellOfApprovedAsync(VerbContext context, Stage stage, ModelVersion version, CancellationToken cancellation)
    {
        if (version.Version == 1)
            return;
        foreach (var older in (await context.Platform.Models.ListAsync(version.Group, cancellation)).Where(v => v.Version < version.Version))
        {
            if ((await context.Platform.Models.DecisionAsync(older.Group, older.Version, stage.Name, cancellation))?.Decision != "Approved")
                continue;
            if ((await context.Platform.Stages.DescribeAsync(stage, cancellation))?.Version != older.Version)
                context.Events.Add(new Notice($"{stage.Name}: version {older.Version} is approved: {CommandsOf(context.Platform.Name, older.Version, stage.Name)}"));
            return;
        }
    }

    private static string CommandsOf(string platform, int version, string stage)
    {
        var (option, property) = platform == PlatformNames.Local ? ("", "") : ($" --platform {platform}", $" -p:MlopsPlatform={platform}");
        return $"'mlops deploy --version {version} --stage {stage}{option}' (or 'dotnet publish -t:MlopsDeploy -p:MlopsModelVersion={version} -p:MlopsStage={stage}{property}') deploys it";
    }
}
