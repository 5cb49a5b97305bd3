using System.Globalization;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform;

/// <summary>Failures that are alike on every platform: 5xxx runs and gates, 8xxx registry and approval, 0xxx how the program is used.</summary>
public static class PlatformErrors
{
    /// <summary>The code of a platform's error that the model's own program caused.</summary>
    public const string ModelDidNotStart = "MLOPS6010";

    /// <summary>Of a platform whose services ask who calls them.</summary>
    public const string AccessDenied = "MLOPS7004";

    /// <summary>Of a platform whose places are entered by roles.</summary>
    public const string RoleRefused = "MLOPS7011";

    /// <summary>Of <see cref="TestFailed"/>.</summary>
    public const string StageTestFailed = "MLOPS5003";

    /// <param name="above">A folder above with a config.yaml; null: there is none.</param>
    public static Problem NotBuilt(string artifacts, string? above) =>
        Problem.Error("MLOPS0010", $"There is no built model in '{artifacts}'.{(above is null ? "" : $" config.yaml lies in '{above}': run this there, or with '--project {above}'.")} Run 'dotnet build' (or 'mlops compile') in the folder of config.yaml first; name another folder with '--project', or that of the build with '--artifacts'.");

    public static Problem ArtifactsUnreadable(string artifacts, string reason) =>
        Problem.Error("MLOPS0011", $"The built files in '{artifacts}' cannot be used: {reason} Run 'dotnet build' again.");

    public static Problem UnknownStage(string name, IEnumerable<string> stages) =>
        Problem.Error("MLOPS0012", $"There is no stage '{name}'. The configuration has: {Listed(stages)}.");

    public static Problem NothingToDeploy() =>
        Problem.Error("MLOPS0013", "Nothing to deploy: config.yaml has no 'deploy' section. Add a stage, or run the pipeline alone with '-t:MlopsRun'.");

    public static Problem UnknownParameter(string name, IEnumerable<string> parameters) =>
        Problem.Error("MLOPS0014", $"The pipeline has no parameter '{name}'. It has: {Listed(parameters)}.");

    public static Problem WrongParameter(string name, string value, string expected) =>
        Problem.Error("MLOPS0015", $"'{value}' is not a value of the parameter '{name}': it takes {expected}.");

    public static Problem Stale(string config) =>
        Problem.Error("MLOPS0017", $"'{config}' has changed since the last build. Run 'dotnet build', then this again.");

    public static Problem StaleCode(string step) =>
        Problem.Error("MLOPS0017", $"The code of '{step}' has changed since the last build. Run 'dotnet build' (or 'mlops compile'), then this again.");

    public static Problem LocalOnly(string verb) =>
        Problem.Error("MLOPS0018", $"'{verb}' is about what the local platform keeps on this machine. Leave '--platform' out; of aws, 'mlops status' and 'mlops runs' tell.");

    public static Problem PlanUnreadable(string file, string reason) =>
        Problem.Error("MLOPS0019", $"The plan '{file}' cannot be read: {reason} Make a new one with 'mlops plan --out FILE'.");

    public static Problem NotWritten(string what, string file, string reason) =>
        Problem.Error("MLOPS0021", $"The {what} cannot be written to '{file}': {reason} Name another file.");

    public static Problem PlanOutdated(string file, string platform) =>
        Problem.Error("MLOPS0020", $"What '{file}' plans is not what a deploy would do now: the repository or the platform has changed since. Nothing was done. Look at a new plan ('mlops plan{On(platform)} --out {file}').");

    public static Problem PlanOfOther(string file, string planned, string platform) =>
        Problem.Error("MLOPS0020", $"'{file}' plans a deploy to '{planned}', and this is one to '{platform}'. Nothing was done. Name that platform, or make a plan for this one ('mlops plan{On(platform)} --out {file}').");

    public static Problem Definition(string reason) =>
        Problem.Error("MLOPS5000", $"The pipeline cannot be run: {reason}");

    public static Problem GateFailed(Gate gate, double value, string limit) =>
        Problem.Error("MLOPS5001", string.Create(CultureInfo.InvariantCulture, $"{gate.Metric} {Shown(value, limit)} {limit}. Nothing was registered. Improve the model, or change the gate if the limit is wrong."));

    public static Problem RunFailed(string reason) =>
        Problem.Error("MLOPS5002", $"The pipeline failed: {reason}");

    public static Problem TestFailed(string stage, string reason) =>
        Problem.Error(StageTestFailed, $"The test of stage '{stage}' failed: {Sentence(reason)} Later stages were not touched.");

    /// <summary>What became of a stage whose tests failed: nothing served before.</summary>
    public const string ServesNothing = "Nothing was served there before, and nothing is now.";

    public static string ServesAgain(int version) => string.Create(CultureInfo.InvariantCulture, $"The stage serves version {version} again.");

    public static string FailedStays(string stage, int version, string platform) =>
        string.Create(CultureInfo.InvariantCulture, $"Version {version} stays there: no other that has passed these tests is registered. Deploy one that passes, or take the stage away: mlops destroy --platform {platform} --stage {stage}.");

    public static Problem StepFailed(string step, string reason, string? log) =>
        Problem.Error("MLOPS5004", $"The step '{step}' failed{(log is null ? "" : $" (its whole log: {log})")}: {reason}");

    public static Problem DataMissing(string name, string path) =>
        Problem.Error("MLOPS5005", $"The data set '{name}' is not there: '{path}' does not exist.");

    public static Problem GateUnreadable(Gate gate, string reason) =>
        Problem.Error("MLOPS5006", $"The gate on '{gate.Metric}' cannot be checked: {Sentence(reason)} Write that value into the evaluation's report.");

    public static Problem PredictionRefused(string stage, int status, string message) =>
        Problem.Error("MLOPS5007", string.Create(CultureInfo.InvariantCulture, $"The endpoint of '{stage}' answered {status}: {message}"));

    public static Problem PayloadUnreadable(string file, string reason) =>
        Problem.Error("MLOPS5008", $"The payload '{file}' cannot be read: {reason}");

    public static Problem NoLog(string name, string platform) =>
        Problem.Error("MLOPS5009", $"There is no log of '{name}' (yet): no step of that name has run or written anything, and no stage of that name has an endpoint that did. 'mlops status{On(platform)}' shows what is there.");

    public static Problem NotCarriedOut(string key) =>
        Problem.Error("MLOPS5011", $"'{key}' is not carried out by this version of the SDK, and a run without it would be another one. It is checked and built; remove it from config.yaml to go on without.");

    public static Problem Lacks(string key) =>
        Problem.Warning("MLOPS5012", $"'{key}' has no effect on this platform in this version of the SDK. It is checked and built.");

    public static Problem NotAgreed(string file) =>
        Problem.Error("MLOPS5013", $"'{file}' runs the programs shown above, and nobody agreed to that. Nothing was started. Look at them, and say '--yes'.");

    public static Problem RunStopped(string execution) =>
        Problem.Error("MLOPS5015", $"Execution {execution} was stopped by somebody. Nothing was registered. Run the command again for another try.");

    public static Problem NotSelectable(string reason) =>
        Problem.Error("MLOPS5016", $"The chosen steps cannot be run: {reason}");

    public static Problem NoSourceExecution(string reason, string platform) =>
        Problem.Error("MLOPS5017", $"There is no execution with whose results the chosen steps could go on: {reason} Run the whole pipeline, begin with an earlier step, or name another execution with '--source-execution ID' ('mlops runs{On(platform)}' lists them).");

    public static Problem EndpointGone(string stage, string platform) =>
        Problem.Error("MLOPS5021", $"Somebody else deleted the endpoint of '{stage}', or its batch pipeline: it serves nothing, and what it was made of cannot be changed without it. Take the rest away with 'mlops destroy --platform {platform} --stage {stage}' ('--protected' for the last stage), then deploy again.");

    public static Problem Superseded(int? version, string platform) =>
        Problem.Error("MLOPS5022", string.Create(CultureInfo.InvariantCulture, $"Somebody has published another pipeline, or taken it away, while this deploy waited: going on would bring an older configuration back. {(version is { } made ? $"Version {made} is registered, and no" : "No")} stage was changed. Get what they published and deploy that; or run this command again, if this is what is to be deployed{(version is null || platform == PlatformNames.Local ? "" : ": it does not train again")}."));

    public static Problem DataLockNotWritten(string reason) =>
        Problem.Warning("MLOPS5014", $"'data.lock' cannot be written: {reason} Which content the data had is recorded with the version alone.");

    public static Problem NoProvenance(string group, int version) =>
        Problem.Error("MLOPS8010", $"There is no statement of what version {version} of '{group}' was made of: a run or a deploy from a repository writes it, and this version was made without one, by a retraining or elsewhere.");

    public static Problem ProvenanceUnreadable(string file, string reason) =>
        Problem.Error("MLOPS8011", $"The statement '{file}' cannot be read: {reason}");

    public static Problem NotVerified(int differing) =>
        Problem.Error("MLOPS8012", string.Create(CultureInfo.InvariantCulture, $"{differing} of what the statement names is not what is here: see above. Check out the commit that it names, and verify again; if that is the one, code, data or model were changed after the version was made."));

    public static Problem UnknownVersion(string group, int version, string platform) =>
        Problem.Error("MLOPS8001", $"The model '{group}' has no version {version}. 'mlops status{On(platform)}' lists the versions.");

    public static Problem NoVersion(string group, string platform) =>
        Problem.Error("MLOPS8002", $"The model '{group}' has no version yet. Run the pipeline first: 'mlops run{On(platform)}' (or 'dotnet build -t:MlopsRun{Property(platform)}').");

    public static Problem NoManualStage() =>
        Problem.Error("MLOPS8003", "No stage waits for an approval: none has 'approval: manual'. Name a stage with '-p:MlopsStage=NAME' (or '--stage NAME').");

    public static Problem NotApproved(int version, string stage, string platform) =>
        Problem.Error("MLOPS8004", $"Version {version} is not approved for '{stage}'. Approve it with 'dotnet build -t:MlopsApprove -p:MlopsModelVersion={version} -p:MlopsStage={stage}{Property(platform)}', then deploy again.");

    public static Problem Rejected(int version, string stage, string? reason) =>
        Problem.Error("MLOPS8005", $"Version {version} was rejected for '{stage}'{(string.IsNullOrEmpty(reason) ? "" : $" ({reason})")}. Train another, or approve this one after all.");

    public static Problem DecidedMeanwhile(int version, string stage, string decision, string who, string platform) =>
        Problem.Error("MLOPS8006", $"Version {version} was already {decision} for '{stage}' by {who}. Look at 'mlops status{On(platform)}', and decide again if you still want to.");

    public static Problem NotTestedBefore(int version, string stage, string before) =>
        Problem.Error("MLOPS8008", $"Version {version} may not enter '{stage}': it has not passed the tests of '{before}', the stage before. Deploy it there first: '-p:MlopsModelVersion={version}' without a stage.");

    public static string StillServed(string stage, int version) => $"'{stage}' goes on serving version {version}.";

    public static Problem NothingToApprove(string stage) =>
        Problem.Error("MLOPS8009", $"'{stage}' asks nobody: its approval is automatic, by the gates and the tests of the stage before. Approve for a stage with 'approval: manual'.");

    public static Problem LeftOver(OtherEndpoint other, string platform) =>
        Problem.Warning("MLOPS5010", $"'{other.Name}' still serves version {other.Version}, and config.yaml has no such stage there. 'mlops destroy --platform {platform} --stage {other.Name}{(other.Protected ? " --protected" : "")}' (or '-t:MlopsDestroy -p:MlopsPlatform={platform} -p:MlopsStage={other.Name}{(other.Protected ? " -p:MlopsProtected=true" : "")}') takes it away.");

    public static Problem RefusedReason() =>
        Problem.Error("MLOPS8007", "A rejection says why. Add '-p:MlopsReason=...' (or '--reason ...').");

    public static Problem Unexpected(Exception e) =>
        Problem.Error("MLOPS9000", $"An unexpected error, which is a defect of this tool: {e.GetType().Name}: {e.Message} Please report it; '--verbose' shows where it happened.");

    /// <summary>What a command of this platform has in addition.</summary>
    private static string On(string platform) => platform == PlatformNames.Local ? "" : $" --platform {platform}";

    private static string Property(string platform) => platform == PlatformNames.Local ? "" : $" -p:MlopsPlatform={platform}";

    /// <summary>Ten digits are enough for a reader, unless they make the value look like the limit.</summary>
    private static string Shown(double value, string limit)
    {
        var text = value.ToString("G10", CultureInfo.InvariantCulture);
        return limit.EndsWith(" " + text, StringComparison.Ordinal) ? value.ToString(CultureInfo.InvariantCulture) : text;
    }

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.Select(n => $"'{n}'")) is { Length: > 0 } list ? list : "none";

    public static Problem NoBatch(string stage) =>
        Problem.Error("MLOPS6028", $"The stage '{stage}' predicts no batches. Give it a section 'batch' with input and output.");

    public static Problem ArchiveRefused(string file, string entry, string why) =>
        Problem.Error("MLOPS6015", $"The archive '{file}' was not unpacked: its entry '{entry}' {why}. Make it again from plain files and folders.");

    public static Problem ArchiveUnreadable(string file, string reason) =>
        Problem.Error("MLOPS6015", $"'{file}' is no archive that can be unpacked: {reason} It has to be a tar, which gzip has compressed where the name ends in .gz: 'tar czf {Path.GetFileName(file)} -C FOLDER .' makes one.");

    public static Problem ModelMissing(string path) =>
        Problem.Error("MLOPS5018", $"There is no model at '{path}'. Name a model.tar.gz of this machine, or the file or folder that goes into one. One that lies in S3 is fetched first: 'aws s3 cp {(S3Place.IsOne(path) ? path : "s3://BUCKET/KEY")} model.tar.gz'.");

    public static Problem NotRegistrable(string reason) =>
        Problem.Error("MLOPS5019", $"A model that is brought cannot be registered alone: {reason} Name it as 'model.artifact' in config.yaml: the pipeline then registers it.");

    public static Problem OtherModel(string named, string model) =>
        Problem.Error("MLOPS5020", $"Data and versions of '{named}' were to go for good, and this is '{model}'. Nothing was taken away. If they are meant, name them: '--data {model}' (-p:MlopsDestroyData={model}).");

    public static Problem ReportNeeded(IEnumerable<string> paths) =>
        Problem.Error("MLOPS8013", $"The quality gates ask for {string.Join(", ", paths.Select(p => $"'{p}'"))}. Give the model's evaluation report, a JSON file: '--report FILE' (-p:MlopsReport=FILE).");

    public static Problem EvaluationUnreadable(string path, string reason) =>
        Problem.Error("MLOPS8014", $"The evaluation report '{path}' cannot be read: {reason} Give a JSON file of the form {{\"GROUP\": {{\"METRIC\": {{\"value\": 0.9}}}}}}.");

    /// <summary>What somebody else said, with a full stop before the text goes on.</summary>
    public static string Sentence(string text) => text.TrimEnd() is var t && (t.Length == 0 || t[^1] is '.' or '!' or '?') ? t : t + ".";
}
