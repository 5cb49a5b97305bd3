using System.Diagnostics;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <summary>Lets a version into a stage, or keeps it out: with who, when and why.</summary>
public static class ApproveVerb
{
    /// <param name="version">Null: the newest.</param>
    /// <param name="stage">Null: the last stage with manual approval.</param>
    public static async Task<Outcome> RunAsync(VerbContext context, bool approve, int? version, string? stage, string? reason, CancellationToken cancellation)
    {
        var deployment = context.Workspace.Deployment;
        var target = stage is not null ? context.Workspace.Stage(stage)
            : deployment.Stages.LastOrDefault(s => s.Approval == StageApproval.Manual) ?? throw PlatformErrors.NoManualStage().ToException();
        if (!approve && string.IsNullOrWhiteSpace(reason))
            throw PlatformErrors.RefusedReason().ToException();

        var group = deployment.ModelPackageGroupName;
        var models = context.Platform.Models;
        var number = version ?? (await models.ListAsync(group, cancellation)).Select(v => (int?)v.Version).Max() ?? throw PlatformErrors.NoVersion(group, context.Platform.Name).ToException();
        if (await models.FindAsync(group, number, cancellation) is null)
            throw PlatformErrors.UnknownVersion(group, number, context.Platform.Name).ToException();

        var before = await models.DecisionAsync(group, number, target.Name, cancellation);
        if (approve && target.Approval == StageApproval.Automatic && before?.Decision != "Rejected")
            throw PlatformErrors.NothingToApprove(target.Name).ToException();
        var decision = new ApprovalDecision(number, target.Name, approve ? "Approved" : "Rejected", context.Platform.Caller, DateTimeOffset.UtcNow, reason);
        var changed = before?.Decision != decision.Decision || (reason is not null && reason != before.Reason);
        var final = target == deployment.DecidingStage;
        if (changed && await models.DecideAsync(group, decision, Seen(before), final, cancellation) is { } other)
            throw PlatformErrors.DecidedMeanwhile(number, target.Name, other.Decision, other.Who, context.Platform.Name).ToException();
        // What was decided since this program was started, its user has not seen. (A decision that lies ahead was dated by a clock that is wrong.)
        static ApprovalDecision? Seen(ApprovalDecision? latest)
        {
            using var self = Process.GetCurrentProcess();
            return latest?.When > self.StartTime.ToUniversalTime() && latest.When <= DateTimeOffset.UtcNow ? null : latest;
        }

        context.Events.Add(new ApprovalChanged(group, number, target.Name, decision.Decision));
        return new Outcome { Verb = approve ? "approve" : "reject", Changed = changed, Version = number };
    }
}
