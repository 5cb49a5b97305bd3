using Mlops.Configuration.Text;

namespace Mlops.Configuration.Diagnostics;

/// <summary>3xxx, what serves and watches: stages, monitors, triggers, accounts.</summary>
public static partial class Errors
{
    public static Diagnostic BadScaling(Span span, string why) =>
        Error("MLOPS3048", span, $"The autoscaling cannot work: {why}");

    public static Diagnostic NeverRuns(Span span, string what, string keys) =>
        Error("MLOPS3049", span, $"Nothing ever starts {what}. Give it {keys}.");

    public static Diagnostic MonitorNeeds(Span span, string key, string what, string why) =>
        Error("MLOPS3050", span, $"'{key}' needs {what}: {why}. Add it, or remove '{key}'.");

    public static Diagnostic UnknownStage(Span span, string name, IReadOnlyCollection<string> known) =>
        Error("MLOPS3051", span, $"There is no stage '{Shown(name)}'.{DidYouMean.Sentence(name, known)} There are {Names(known)}.");

    public static Diagnostic WrongPartition(Span span, string key, string partition, string region, string wanted) =>
        Error("MLOPS3052", span, $"The ARN of '{key}' is of the partition '{partition}', and the region {region} is of '{wanted}'. Write arn:{wanted}:...");

    public static Diagnostic KeyElsewhere(Span span, string keyRegion, string region) =>
        Error("MLOPS3053", span, $"The key is in the region '{Shown(keyRegion)}', and what it encrypts is in {region}: a key works in its own region alone. Name one of {region}.");

    public static Diagnostic TopicElsewhere(Span span, string topicRegion, string region) =>
        Error("MLOPS3066", span, $"The topic is in the region '{Shown(topicRegion)}', and the model is built in {region}: alarms and rules reach topics of their own region alone. Name one of {region}, or 'emails' in its place.");

    public static Diagnostic StreamElsewhere(Span span, string key, string region, string stageRegion) =>
        Error("MLOPS3070", span, $"'{key}' is in the region '{Shown(region)}', and the stage in {stageRegion}: a stream is read, and failures are told of, in its own region alone. Name one of {stageRegion}.");

    public static Diagnostic NobodyToTell(Span span, string stage, string region, string topicRegion) =>
        Error("MLOPS3067", span, $"The stage '{Shown(stage)}' is in {region}, and the topic in {topicRegion}, which alarms and rules of another region do not reach. Name 'emails' under 'notify' as well: the stage then makes a topic of its own, which tells them.");

    public static Diagnostic RoleElsewhere(Span span, string key, string roleAccount, string account) =>
        Error("MLOPS3054", span, $"'{key}' is a role of account '{Shown(roleAccount)}', and the account here is {account}. Name a role of that account.");

    public static Diagnostic KeyNeeded(Span span, string home, string account) =>
        Error("MLOPS3055", span, $"The stage is in account {account}, and reads what account {home} encrypts: S3's own keys are of one account alone. Add 'aws.kms_key', a key that both accounts may use.");

    public static Diagnostic RootOfAnother(Span span, string root) =>
        Error("MLOPS3071", span, $"'{Shown(root)}' holds files of yours: the local platform keeps runs and models in a folder of its own, which 'destroy --data' takes away whole. Name a folder that is not there yet, such as '.mlops'.");

    public static Diagnostic NoDeployedVariant(Span span) =>
        Error("MLOPS3064", span, "No variant serves what a deploy brings: all of them are versions by number. Name that one 'latest' (or 'approved'), with the weight that it is to have.");
}
