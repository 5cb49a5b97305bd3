using System.Globalization;
using Mlops.Platform.Events;

namespace Mlops.Platform.Local;

/// <summary>6xxx: what can go wrong on this machine; 81xx: the registry's file.</summary>
public static class LocalErrors
{
    public static Problem StepTypeNotRun(string step, string type) =>
        Problem.Error("MLOPS6001", $"The local platform does not run steps of type '{type}' ('{step}'). Nothing was started. Name a command in its place, which gets the step's arguments as JSON and writes what the step leaves as a JSON object: local: {{ stand_ins: {{ {step}: python3 tools/answer.py }} }}, or --stand-in {step}=COMMAND; or run this pipeline on aws.");

    public static Problem NoProgram(string step, string image) =>
        Problem.Error("MLOPS6002", $"The step '{step}' names no program: the image '{image}' is all it has, and images are not run here by themselves. Give the step an 'entry_point', let images run (local: {{ sandbox: docker }}), name a command in place of the image (local: {{ stand_ins: {{ \"{image}\": python3 tools/program.py }} }}), or run the pipeline on aws. Of a definition alone: 'mlops run DEFINITION --sandbox docker', '--stand-in IMAGE=COMMAND'.");

    public static Problem CannotStart(string step, string program, string reason) =>
        Problem.Error("MLOPS6003", $"'{program}', which runs '{step}', cannot be started: {reason}. Install it, or name another under 'local.interpreters'.");

    public static Problem ObjectMissing(string uri, string path) =>
        Problem.Error("MLOPS6004", $"'{uri}' is not there. Locally it is the file or folder '{path}': put the data there, or correct the URI.");

    public static Problem WrongUri(string uri) =>
        Problem.Error("MLOPS6005", $"'{uri}' is not an S3 URI of the form s3://bucket/key without '..'.");

    public static Problem Busy(string verb, string owner, int seconds) =>
        Problem.Error("MLOPS6006", string.Create(CultureInfo.InvariantCulture, $"'{verb}' waited {seconds} s for {owner}, which works on the same model. Wait for it to end, or stop it, and run the command again.")) with { MayPass = true };

    public static Problem DiskError(string reason) =>
        Problem.Error("MLOPS6007", $"A file cannot be written or read: {reason.TrimEnd('.')}. What was registered and served before is whole. Free space or rights and run the command again.") with { MayPass = true };

    public static Problem ServerDidNotStart(string log, string tail) =>
        Problem.Error("MLOPS6008", $"The endpoint server did not start.{Tail(tail)} Its log: {log}");

    public static Problem PortTaken(int port) =>
        Problem.Error("MLOPS6009", string.Create(CultureInfo.InvariantCulture, $"The port {port} (local.port) is taken by another program. Stop it, or choose another port."));

    public static Problem ModelDidNotStart(string endpoint, string reason) =>
        Problem.Error("MLOPS6010", $"The model for '{endpoint}' did not come up: {reason}");

    public static Problem ServingNotSupported(string program) =>
        Problem.Error("MLOPS6011", $"'{program}' cannot be served here: a program for inference is a .dll (C#), .py, .R or .sh file, or an executable.");

    public static Problem ArtifactChanged(string uri) =>
        Problem.Error("MLOPS6012", $"'{uri}' is not what was registered: its content has changed since. It is not served. Train again, or put the original file back.");

    public static Problem NoEndpoint(string endpoint) =>
        Problem.Error("MLOPS6013", $"The endpoint '{endpoint}' is not running. Deploy first: 'dotnet publish -t:MlopsDeploy'.");

    public const string RolledBackCode = "MLOPS6024";

    public static Problem RolledBack(string endpoint, int version, string reason) =>
        Problem.Error(RolledBackCode, string.Create(CultureInfo.InvariantCulture, $"Version {version} was rolled back at '{endpoint}': {reason} What was served before serves on. Its log ('mlops logs' with the stage's name) says more; train again."));

    public static Problem NoFurtherVersion(string stage, string variant, string version) =>
        Problem.Error("MLOPS6025", $"The variant '{variant}' of the stage '{stage}' serves the version '{version}', and there is none that was not rejected. Register (or approve) one first, or name another.");

    public static Problem BatchOnly(string stage) =>
        Problem.Error("MLOPS6026", $"The stage '{stage}' serves batches alone: it has no endpoint that could be asked. Predict a data set with 'mlops batch --stage {stage}'.");

    public static Problem NoBatchInput(string stage, string input, string path) =>
        Problem.Error("MLOPS6029", $"The batch of '{stage}' has no input: '{input}' is not there ('{path}'). Put the records there, or name others with '--input'.");

    public static Problem BatchFailed(string stage, string reason) =>
        Problem.Error("MLOPS6030", $"The batch of '{stage}' failed, and no prediction of it was kept: {reason}");

    public static Problem WrongSchedule(string reason) =>
        Problem.Error("MLOPS6031", $"A schedule cannot be kept here: {reason} Correct it, or 'time_zone', in config.yaml and build again.");

    public static Problem WatchedAlready(string folder) =>
        Problem.Error("MLOPS6032", $"Another 'mlops watch' keeps the triggers of '{folder}'. One is enough: stop that one, or leave it to its work.");

    public static Problem NoStream(string stage) =>
        Problem.Error("MLOPS6035", $"The stage '{stage}' reads no stream. Give it a section 'stream' with source and destination.");

    public static Problem RecordsFailed(long failed, long all, string kept) =>
        Problem.Warning("MLOPS6036", string.Create(CultureInfo.InvariantCulture, $"{failed} of {all} records could not be predicted. They are kept, each with what the model said: '{kept}'."));

    public static Problem ModelPackageNotHere(string step, string name) =>
        Problem.Error("MLOPS6037", $"The model '{step}' is the registered version '{name}' (ModelPackageName), which the registry here has not. Let a step of the pipeline register it, or name its archive instead (ModelDataUrl) and give it with '--source'.");

    public static Problem UnusedOption(string option, string value) =>
        Problem.Warning("MLOPS6038", $"Nothing in the definition names '{value}' ({option}): it was not used. Compare it with what '--check' shows.");

    public static Problem ActionFailed() =>
        Problem.Error("MLOPS6034", "What was due failed; the lines above say why. It is tried again when its triggers next say so, or at once by hand: 'mlops run', 'mlops batch'.");

    public static Problem NothingToWatch() =>
        Problem.Error("MLOPS6033", "There is nothing to watch: config.yaml has neither 'retrain.schedule' nor 'retrain.on_new_data', and no stage has a batch with a schedule or 'on_new_data'. Add one and build again.");

    public static Problem NoAnswer(string stage, string path) =>
        Problem.Error("MLOPS6027", $"The asynchronous endpoint of '{stage}' gave no answer in an hour: there is nothing at '{path}'. Look at 'mlops logs {stage}'.");

    public static Problem NoParameterValue(string parameter) =>
        Problem.Error("MLOPS6014", $"The parameter '{parameter}' has no default, and no value was given. Give one with '--parameter {parameter}=VALUE'.");

    public static Problem ServerGone(string log, string reason) =>
        Problem.Error("MLOPS6016", $"The endpoint server does not answer: {reason} Its log: {log}. Run the command again: it starts the server where it is gone.");

    public static Problem LinkInData(string path) =>
        Problem.Error("MLOPS6017", $"The data set holds a link, '{path}'. A link leads out of what is versioned: replace it by what it points to.");

    public static Problem NoStandIn(string step, string target) =>
        Problem.Error("MLOPS6018", $"The step '{step}' asks '{target}', which a laptop has not. Nothing was started. Name a command that answers in its place: local: {{ stand_ins: {{ \"{target}\": python3 tools/answer.py }} }} in config.yaml, or --stand-in \"{target}=COMMAND\" for a definition.");

    public static Problem PackagesMissing(string program, string interpreter, string shown, string install) =>
        Problem.Error("MLOPS6020", $"'{program}' imports {shown}, which the Python of this machine ('{interpreter}') has not. Nothing was started. Install: {interpreter} -m pip install {install}; or name another Python: local: {{ interpreters: {{ python: .venv/bin/python }} }}.");

    public static Problem PackagesNotRequired(string program, string shown, string install) =>
        Problem.Error("MLOPS6020", $"'{program}' imports {shown}, which requirements.txt does not name. Nothing was started. Add to the requirements.txt beside it: {install}.");

    public static Problem UnknownRun(string name, IReadOnlyList<string> known) =>
        Problem.Error("MLOPS6021", $"'{name}' is not the id of one run. {(known.Count == 0 ? "Nothing has run yet." : $"There are {string.Join(", ", known)}: give as many characters as tell one from the others ('mlops runs' lists them).")}");

    public static Problem NoNamespace(string step) =>
        Problem.Error("MLOPS6022", $"The step '{step}' is to run in a mount namespace ('local.sandbox: namespace'), which this system does not let a user make. Use 'auto' or 'process', or allow unprivileged user namespaces.");

    public static Problem NotForContainers(string what) =>
        Problem.Error("MLOPS6042", $"{what}, which a container engine would take for something else. Nothing was started. Correct it in the definition.");

    public static Problem ContainerStays(string id) =>
        Problem.Error("MLOPS6043", $"The container {id} of an earlier program could not be ended. End it ('docker rm --force {id}'), and run the command again.");

    public static Problem FilesOfRoot(string folder) =>
        Problem.Error("MLOPS6044", $"What a container wrote into '{folder}' belongs to another user, and its image has no 'chown' to give it back. Use an engine that runs as you (rootless docker, podman), or take the folder away: sudo rm -r '{folder}'.");

    public static Problem InputMissing(string step, string uri) =>
        Problem.Warning("MLOPS6041", $"The step '{step}' reads '{uri}', which is not here and which no step writes. Give it: --source {uri}=PATH.");

    public static Problem NoContainers() =>
        Problem.Error("MLOPS6039", "Steps are to run in containers ('local.sandbox: docker'), and neither docker nor podman is here and answers. Nothing was started. Start the engine ('docker version' and 'podman version' ask it), or leave 'local.sandbox' out: steps then run as programs of this machine.");

    /// <param name="region">Null: the framework has none in any.</param>
    public static Problem NoImage(string framework, string? region) =>
        Problem.Error("MLOPS6040", $"Steps are to run in containers ('local.sandbox: docker'), and '{framework}' has no image {(region is null ? "that could be fetched" : $"in the region {region} (AWS_REGION)")}. Name one at the step (image: ...), {(region is null ? "" : "choose another region, ")}or leave 'local.sandbox' out.");

    public static Problem PathNotMounted(string step) =>
        Problem.Warning("MLOPS6023", $"The program of '{step}' names /opt/ml, and this system cannot mount it: only paths in its arguments and environment are led to the run's folder. Let the program ask SAGEMAKER_BASE_DIR, or run it where a user may make mount namespaces.");

    public static Problem SourceMissing(string uri, string path) =>
        Problem.Error("MLOPS6019", $"'{path}', which stands for '{uri}', does not exist. Name a file or folder: --source {uri}=PATH.");

    public static Problem NotDoneHere(string step, string asked) =>
        Problem.Error("MLOPS6045", $"The step '{step}' asks for {asked}, which this machine does not do. Nothing was started. Ask for something else in its place (for an input: files in S3), or run the pipeline on aws.");

    public static Problem RegistryDamaged(string path, string reason) =>
        Problem.Error("MLOPS8101", $"The registry '{path}' is damaged ({reason}) and was not touched. Stop the server ('mlops stop'), move the file away together with those beside it whose names end in -wal and -shm, and put a copy back in its place, or none: the next deploy then begins a new registry. Artifacts under 's3' stay.");

    public static Problem RegistryNewer(string path, long version, int known) =>
        Problem.Error("MLOPS8102", string.Create(CultureInfo.InvariantCulture, $"The registry '{path}' was written by a newer Mlops.Sdk (schema {version}; this one knows {known}). It was not touched. Use that version, or a newer one."));

    public static Problem RegistryBusy(string path) =>
        Problem.Error("MLOPS8103", $"The registry '{path}' was locked by another process for too long. Run the command again when it has ended.") with { MayPass = true };

    public static Problem NotIsolated(IReadOnlyList<string> steps) =>
        Problem.Warning("MLOPS6047", $"{string.Join(", ", steps.Select(s => $"'{s}'"))} {(steps.Count == 1 ? "is" : "are")} to run without network (EnableNetworkIsolation), which programs of this machine keep. On aws they have none; here containers take it from them (local: {{ sandbox: docker }}).");

    public static Problem RPackagesMissing(string step, string interpreter, IReadOnlyList<string> packages) =>
        Problem.Error("MLOPS6048", $"'{step}' attaches {string.Join(", ", packages.Select(p => $"'{p}'"))}, which the R of this machine ('{interpreter}') has not. Nothing was started. Install: {interpreter} -e \"install.packages(c({string.Join(", ", packages.Select(p => $"'{p}'"))}))\"; or name another R: local: {{ interpreters: {{ r: /opt/R/bin/Rscript }} }}.");

    public static Problem StreamBusy(string stage) =>
        Problem.Error("MLOPS6049", $"Another 'mlops stream' reads the records of '{stage}': two would predict each of them twice. Let that one go on, or end it first.");

    public static Problem OffsetsUnreadable(string file, string reason) =>
        Problem.Error("MLOPS6050", $"'{file}', which notes how far the stream was read, cannot be read: {reason} Nothing was predicted. Put an earlier copy there; or remove the file, and reading begins where config.yaml says it does at first.");

    public static Problem SharedRoot(string folder, string other) =>
        Problem.Error("MLOPS6046", $"'{folder}' also keeps {other}: nothing was erased. Give each model a 'local.root' of its own, or delete the folder by hand when none of them is needed.");

    private static string Tail(string tail) => tail.Length == 0 ? "" : $" Its last lines: {tail}";
}
