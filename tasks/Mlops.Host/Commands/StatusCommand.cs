using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Local;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>What is there: executions, versions with their decisions, stages.</summary>
internal static partial class StatusCommand
{
    private const int Shown = 5;

    public static Command Create()
    {
        var command = new Command("status", "Shows executions, model versions and stages.");
        VerbRunner.Set(command, new CommonOptions(), async (_, context, cancellation) =>
        {
            var group = context.Workspace.Deployment.ModelPackageGroupName;
            var platform = (LocalPlatform)context.Platform;
            foreach (var row in platform.Registry.Executions.Newest(Shown))
                context.Events.Add(new Notice(Text($"execution {row.Id}  {row.Status,-9}  {row.Started.ToLocalTime():yyyy-MM-dd HH:mm:ss}  {(row.ModelVersion is { } v ? Text($"version {v}") : row.FailureReason?.Split('\n')[0])}")));
            foreach (var version in await context.Platform.Models.ListAsync(group, cancellation))
            {
                context.Events.Add(new Notice(Text($"version {version.Version}  {version.Status,-21}  {version.Created.ToLocalTime():yyyy-MM-dd HH:mm:ss}  execution {version.ExecutionId}")));
                context.Events.Add(new Notice($"  made of {string.Join(", ", platform.Registry.Models.Parents(ModelTable.Node(group, version.Version)).Select(Short))}"));
                foreach (var d in platform.Registry.Models.Decisions(group, version.Version))
                    context.Events.Add(new Notice(Text($"  {d.Decision} for {d.Stage} by {d.Who}, {d.When.ToLocalTime():yyyy-MM-dd HH:mm:ss}{(d.Reason is null ? "" : $": {d.Reason}")}")));
            }

            return await StagesAsync(context, cancellation);
        });
        return command;
    }

    private static async Task<Outcome> StagesAsync(VerbContext context, CancellationToken cancellation)
    {
        var urls = new List<StageUrl>();
        foreach (var stage in context.Workspace.Deployment.Stages)
        {
            var state = await context.Platform.Stages.DescribeAsync(stage, cancellation);
            context.Events.Add(new StageChanged(stage.Name, Words(state), state?.Version ?? 0, state?.Url));
            if (state is { Healthy: true })
                urls.Add(new StageUrl(stage.Name, state.Url, state.Version));
        }

        foreach (var other in await context.Platform.Stages.OthersAsync(context.Workspace.Deployment.Stages, cancellation))
            context.Events.Add(PlatformErrors.LeftOver(other.Name, other.Version));
        return new Outcome { Verb = "status", PipelineName = context.Workspace.Deployment.PipelineName, Urls = urls };
    }

    /// <summary>A lineage node with its hash cut to what tells it from others, as git shows commits.</summary>
    private static string Short(string node) => LongHash().Replace(node, m => m.Value[..12]);

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex LongHash();

    private static string Words(StageState? state) => state switch
    {
        null => "not deployed",
        { Healthy: false } => "not running: deploy again",
        { UpToDate: false } => "running with other settings than config.yaml has now: deploy again",
        _ => "InService",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
