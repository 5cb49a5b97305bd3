using Mlops.Configuration.Text;

namespace Mlops.Configuration.Diagnostics;

/// <summary>4xxx: what works, and is doubtful. Silenced with NoWarn, made errors with WarningsAsErrors.</summary>
public static partial class Errors
{
    public static Diagnostic NoGate(Span span) =>
        Warning("MLOPS4001", span, "No quality gate: whatever is trained will be registered. Add 'quality_gates', such as '{ accuracy: { min: 0.9 } }'.");

    public static Diagnostic UnusedData(Span span, string name) =>
        Warning("MLOPS4002", span, $"Nothing uses the data set '{name}'. Name it in a step's 'inputs', or remove it.");

    public static Diagnostic NoOwner(Span span) =>
        Warning("MLOPS4003", span, "The model has no owner: nobody is named who answers for it. Add 'owner'.");

    public static Diagnostic NoStageTest(Span span, string stage) =>
        Warning("MLOPS4004", span, $"The stage '{stage}' has no test: a version that does not answer goes on to the next stage. Add 'tests: [{{ payload: FILE }}]'.");

    public static Diagnostic PublicNetwork(Span span, string stage) =>
        Warning("MLOPS4005", span, $"The stage '{stage}' runs outside of a VPC: its containers reach the internet. Add 'aws.network'.");

    public static Diagnostic CaptureForGood(Span span) =>
        Warning("MLOPS4006", span, "Every request is captured and kept for good. Lower 'percent', or add 'aws.retention.capture', such as 30d.");

    public static Diagnostic NoReceiver(Span span, string what) =>
        Warning("MLOPS4007", span, $"Nobody hears of {what}. Add 'notify' with 'emails' or a 'topic'.");

    public static Diagnostic NoApproval(Span span, string stage) =>
        Warning("MLOPS4008", span, $"The last stage '{stage}' lets every version in by itself. Add 'approval: manual', if a person should decide.");

    public static Diagnostic RetrainWithoutGate(Span span) =>
        Warning("MLOPS4009", span, "Models are trained again without anybody there, and no gate holds a bad one back. Add 'build.quality_gates'.");

    public static Diagnostic NewDataUnchecked(Span span) =>
        Warning("MLOPS4010", span, "New data starts a training that reads it as it is. Let 'build.preprocess' look at it first: where that fails, nothing is trained.");

    public static Diagnostic SpotWithoutCheckpoints(Span span) =>
        Warning("MLOPS4011", span, "A long training on spare capacity begins anew after each interruption. Write checkpoints to /opt/ml/checkpoints and add 'checkpoints: true'.");

    public static Diagnostic RolloutWithoutAlarm(Span span) =>
        Warning("MLOPS4012", span, "The rollout goes step by step, and no alarm rolls it back. Add 'alarms' with 'p99_latency' or 'error_rate' to the stage.");

    public static Diagnostic OneInstance(Span span, string stage) =>
        Warning("MLOPS4013", span, $"The stage '{stage}' is served by one instance: while it is replaced nobody answers. Write 'count: 2' or more, or add 'autoscaling'.");

    public static Diagnostic EngineerCannotDeploy(Span span) =>
        Warning("MLOPS4014", span, "Who takes on 'ml_engineer' runs pipelines and registers versions, but cannot change stacks: CloudFormation acts with the rights of who asks, and these make no roles. Name a 'deploy_role' under 'aws', which engineers may then take on.");

    public static Diagnostic ServerlessOutsideNetwork(Span span, string stage) =>
        Warning("MLOPS4015", span, $"The stage '{Shown(stage)}' is serverless, and SageMaker gives such an endpoint no VPC: 'aws.network' does not hold for this stage, nor for batches in it. Serve 'realtime' or 'async' where it must.");

    public static Diagnostic NotMadeThere(Span span, string region, string types, string stack) =>
        Warning("MLOPS4016", span, $"CloudFormation publishes no {types} for {region}: {stack} is refused there, unless AWS has added it since. Choose another region.");
}
