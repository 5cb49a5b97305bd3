using System.Globalization;
using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws;

/// <summary>7xxx: what can go wrong with an account of AWS. 700x: access; 701x: places; 702x: stacks; 703x: publishing; 704x: runs and stages.</summary>
internal static class AwsErrors
{
    public static Problem NoCredentials(string reason) =>
        Problem.Error("MLOPS7001", $"No credentials of AWS were found ({reason}). Log in ('aws sso login', 'aws configure'), name a profile in AWS_PROFILE, or give the CI job a role. Nothing was changed.");

    public static Problem NoRegion() =>
        Problem.Error("MLOPS7002", "No region is known. Set 'aws.region' in config.yaml, or AWS_REGION.");

    public static Problem CredentialsRefused(string who, string code, string message) =>
        Problem.Error("MLOPS7003", $"AWS refuses the credentials of {who} ({code}: {message}). They have expired or are wrong: log in anew and run the command again; what was done stays, and is not done twice.");

    public static Problem AccessDenied(string who, string host, string message) =>
        Problem.Error(PlatformErrors.AccessDenied, $"{who} may not do that at {host}: {message} Give the identity that permission, or name a role that has it in 'aws.deploy_role'; then run the command again.");

    public static Problem Throttled(string host, string code) =>
        Problem.Error("MLOPS7005", $"{host} goes on refusing requests as too many ({code}). What was done stays. Wait a while and run the command again: it goes on where it ended.");

    public static Problem Unreachable(string host, string reason) =>
        Problem.Error("MLOPS7006", $"{host} cannot be reached: {PlatformErrors.Sentence(reason)} Look at the network, a proxy (HTTPS_PROXY) and AWS_ENDPOINT_URL; then run the command again: what was done stays, and it goes on where it ended.");

    public static Problem ServiceFailed(string host, string code, string message) =>
        Problem.Error("MLOPS7007", $"{host} failed again and again ({code}: {message}). What was done stays. Look at AWS's health dashboard, and run the command again: it goes on where it ended.");

    public static Problem Refused(string host, string code, string message) =>
        Problem.Error("MLOPS7008", $"{host} refused a request ({code}): {message}");

    public static Problem WrongAccount(string who, string account, string configured) =>
        Problem.Error("MLOPS7010", $"The credentials are of account {account} ({who}), and config.yaml says {configured}. Use credentials of that account, or correct 'aws.account'. Nothing was changed.");

    public static Problem RoleRefused(string role, string who, string message) =>
        Problem.Error(PlatformErrors.RoleRefused, $"{who} cannot assume '{role}': {message} Let the role trust that identity, or correct 'aws.deploy_role'. Nothing was changed.");

    public static Problem ForeignBucket(string bucket, string account) =>
        Problem.Error("MLOPS7012", $"The bucket '{bucket}' is not one of account {account}, or these credentials may not use it. Nothing was sent there. Correct 'aws.bucket', or its policy.");

    public static Problem NoBucket(string bucket) =>
        Problem.Error("MLOPS7013", $"The bucket '{bucket}' does not exist. Make it, correct 'aws.bucket', or leave that out: the build stack makes one.");

    public static Problem BucketElsewhere(string bucket, string region, string expected) =>
        Problem.Error("MLOPS7069", $"The bucket '{bucket}' is in {region}, and what uses it runs in {expected}: SageMaker reads and writes buckets of its own region alone. Nothing was sent. Name a bucket of {expected} as 'aws.bucket', or leave that out: the build stack makes one.");

    public static Problem NotPublished(string stack, string account, string region) =>
        Problem.Error("MLOPS7014", $"There is no stack '{stack}' in account {account}, region {region}: nothing has been published from this repository there, or it was destroyed. If it was published elsewhere, name that region and account ('aws' in config.yaml, AWS_REGION, AWS_PROFILE); else publish first: 'mlops publish --platform aws' (or 'dotnet publish -t:MlopsPublishPipeline -p:MlopsPlatform=aws').");

    public static Problem StackFailed(string stack, string resource, string reason, string state) =>
        Problem.Error("MLOPS7020", $"The stack '{stack}' could not be changed: {resource}: {PlatformErrors.Sentence(reason)} {state} Put right what that says, and run the command again.");

    public static Problem StackStuck(string stack, string status, string? reason, string command) =>
        Problem.Error("MLOPS7021", $"The stack '{stack}' is in {status}{(reason is null ? "" : $" ({PlatformErrors.Sentence(reason)[..^1]})")}, and only a person can get it out of there. Look at its events, put right what failed, run '{command}', and then this command again.");

    public static Problem StackBusy(string stack, string status, int minutes) =>
        Problem.Error("MLOPS7022", string.Create(CultureInfo.InvariantCulture, $"The stack '{stack}' is{(minutes == 0 ? $" in {status}" : $" still in {status} after {minutes} minutes")}. Whoever changes it is not done: wait, and run the command again."));

    public static Problem ChangeSetFailed(string stack, string reason) =>
        Problem.Error("MLOPS7023", $"The changes of the stack '{stack}' cannot be made: {reason} Nothing was changed.");

    public static Problem Protected(string stack, string stage) =>
        Problem.Error("MLOPS7024", $"The stack '{stack}' of '{stage}' is protected from deletion. Say '--protected' (or '-p:MlopsProtected=true') to take it away as well.");

    public static Problem DriftUnknown(string stack, string reason) =>
        Problem.Warning("MLOPS7027", $"Whether somebody else has changed the stack '{stack}' is not known: {reason}");

    public static Problem MissingParameter(string stack, string parameter) =>
        Problem.Error("MLOPS7025", $"The stack '{stack}' needs the parameter '{parameter}', and nothing gives it a value. Build again with this version of the SDK.");

    public static Problem Busy(string verb, string owner, int minutes) =>
        Problem.Error("MLOPS7030", string.Create(CultureInfo.InvariantCulture, $"'{verb}' waited {minutes} minutes for {owner}, who works on the same model. Wait for the end of that, and run the command again."));

    public static Problem LinkInData(string path) =>
        Problem.Error("MLOPS7031", $"'{path}' is a link. A data set is the files that it holds: put the file there instead.");

    public static Problem NoImage(string parameter, string framework, string region) =>
        Problem.Error("MLOPS7032", $"There is no image of '{framework}' in {region} ('{parameter}'). Choose another region or version, or name an image of your own under 'runtime.image'.");

    public static Problem NoContainer(string framework) =>
        Problem.Error("MLOPS7033", $"The steps or the model in '{framework}' need a container in ECR, and {(framework == ProgramContainer.Framework ? "these artifacts do not say which project makes it. Build them with 'dotnet build' of the project that names Mlops.Sdk, name an image of your own under 'runtime.image'" : "SageMaker has none for it. Make an image with what the steps need, push it and name it under 'runtime.image'")}, or run on the local platform.");

    public static Problem RepositoryGone(string repository, string region) =>
        Problem.Error("MLOPS7071", $"Somebody else deleted the repository '{repository}', which the stack of the build had made, and CloudFormation does not make it again. Make it ('aws ecr create-repository --region {region} --repository-name {repository[(repository.IndexOf('/', StringComparison.Ordinal) + 1)..]}'), and run the command again: the image is sent anew.");

    public static Problem ContainerFailed(string project, string reason) =>
        Problem.Error("MLOPS7049", $"The container of '{project}' could not be made and sent: {reason} The base image and ECR have to be reachable from here; 'ContainerBaseImage' in the project file names another base. What was done stays: put that right and run the command again.");

    public static Problem StackWithout(string stack, string output) =>
        Problem.Error("MLOPS7050", $"The stack '{stack}' has no output '{output}': it was made by other artifacts than these. Run 'dotnet publish -t:MlopsPublishPipeline -p:MlopsPlatform=aws' first.");

    public static Problem OtherMode(string stage, string mode, string wanted) =>
        Problem.Error("MLOPS7051", $"The endpoint of '{stage}' is {mode.ToLowerInvariant()}, and config.yaml says {wanted.ToLowerInvariant()}: SageMaker changes no endpoint into another kind. Give the new one a stage of another name, and take the old one away when that serves; or take it away first: 'mlops destroy --platform aws --stage {stage}' (with '--protected' for the last stage).");

    public static Problem OtherRegion(string stage, string region, string home) =>
        Problem.Error("MLOPS7052", $"The stage '{stage}' is in {region}, and versions are registered in {home}: SageMaker serves archives of its own region alone, so a copy of each is kept there, and 'aws' of the stage names no bucket for it. Make one in {region} and name it as 'aws.bucket' of the stage. Nothing was changed.");

    public static Problem ImageElsewhere(string stage, string image, string region, string home) =>
        Problem.Error("MLOPS7053", $"The stage '{stage}' is in {region}, and '{image}' is not there: SageMaker runs images of its own region alone. Have ECR replicate the repository from {home} ('aws ecr put-replication-configuration', with {region} as a destination), push the image again, since ECR replicates only what is pushed from then on, and deploy again.");

    public static Problem ArtifactMissing(string file) =>
        Problem.Error("MLOPS7034", $"'{file}' is not among the built files. Run 'dotnet build' again.");

    public static Problem LockLost(string verb) =>
        Problem.Error("MLOPS7035", $"'{verb}' could not renew its lock in time, and another has taken it: going on could undo that one's work. Run the command again: it goes on where this one ended.");

    public static Problem FileFailed(string reason) =>
        Problem.Error("MLOPS7036", $"A file of the repository cannot be read or written: {reason} Nothing of it was sent. Put that right and run the command again.");

    public static Problem ReportUnreadable(string uri, string reason) =>
        Problem.Error("MLOPS7044", $"The report of the approved version, '{uri}', cannot be read: {reason} 'max_drop' and 'max_rise' compare with it. Approve another version, or leave those gates out.");

    public static Problem ChangedMeanwhile(string stack) =>
        Problem.Error("MLOPS7026", $"The stack '{stack}' is not what was asked for: somebody else has changed it meanwhile. Run the command again.");

    public static Problem NotOurVersion(string arn) =>
        Problem.Error("MLOPS7040", $"'{arn}' is no version of a model package group.");

    public static Problem BatchOnly(string stage) =>
        Problem.Error("MLOPS7041", $"'{stage}' serves batches: it has no endpoint that answers requests. Leave its 'tests' out, or give it 'realtime', 'serverless' or 'async'.");

    public static Problem AsyncFailed(string stage, string reason) =>
        Problem.Error("MLOPS7042", $"The asynchronous request to '{stage}' failed: {reason}");

    public static Problem UnknownExecution(string id, IReadOnlyList<string> known) =>
        Problem.Error("MLOPS7045", $"'{id}' is not the id of one execution. {(known.Count == 0 ? "Nothing has run yet." : $"There are {string.Join(", ", known)}: give as many characters as tell one from the others ('mlops runs --platform aws' lists them).")}");

    public static Problem NoSuchVersion(string stage, string version) =>
        Problem.Error("MLOPS7043", $"'{stage}' shares requests with the version '{version}', and there is none. Register or approve one first, or correct 'realtime.variants'.");

    public static Problem BatchFailed(string stage, string reason) =>
        Problem.Error("MLOPS7046", $"The batch of '{stage}' failed: {reason} The job's last lines stand above; all of them are in CloudWatch's log group /aws/sagemaker/TransformJobs.");

    public static Problem BatchElsewhere(string stage, string what, string given, string configured) =>
        Problem.Error("MLOPS7047", $"'{given}' cannot be the {what} of a batch of '{stage}': on aws its role may use '{configured}' and what lies below, and no more. Name a place there, or change 'batch.{what}' in config.yaml and deploy.");

    public static Problem EndpointMissing(string stage, string endpoint) =>
        Problem.Error("MLOPS7068", $"The stage '{stage}' has no endpoint '{endpoint}': nothing was deployed there, or somebody else deleted it. 'mlops status --platform aws' says which, and what to do.");

    public static Problem NotDeployed(string stage) =>
        Problem.Error("MLOPS7048", $"'{stage}' serves no version yet. Deploy first: 'dotnet publish -t:MlopsDeploy -p:MlopsPlatform=aws'.");

    public static Problem DriftUndone(string stack, string resource, string status, IReadOnlyList<string> differences) =>
        Problem.Warning("MLOPS7056", $"Somebody else {(status == "DELETED" ? "deleted" : "changed")} '{resource}' of the stack '{stack}'{string.Concat(differences.Take(1).Select(_ => $" ({string.Join("; ", differences)})"))}, and this deploy changes it, too: {(status == "DELETED" ? "CloudFormation may find nothing to change. Where it fails, destroy that stage and deploy again." : "what config.yaml says will hold. If the other change is meant to stay, put it into config.yaml.")}");

    public static Problem DataNotListed(string uri, string code) =>
        Problem.Warning("MLOPS7062", $"What lies at '{uri}' cannot be listed ({code}): steps that read it are taken from the cache although it may have changed. Allow s3:ListBucket there, or turn their cache off ('cache: none').");

    public static Problem PipelineOverwritten(string name) =>
        Problem.Warning("MLOPS7063", $"Somebody else changed the pipeline '{name}' since it was published: that is overwritten by what config.yaml says. If it is meant to stay, put it into config.yaml.");

    public static Problem NoRole(string role) =>
        Problem.Error("MLOPS7057", $"The role '{role}' ('execution_role' in config.yaml) is not there. Name one that is, or leave the key out: the build's stack then makes a role that may do what this model needs, and no more.");

    public static Problem RoleTrustsNot(string role, string service) =>
        Problem.Error("MLOPS7058", $"SageMaker may not assume the role '{role}' ('execution_role' in config.yaml): its trust policy does not name '{service}'. Nothing was changed. Let that service assume it (sts:AssumeRole), or leave the key out: the build's stack then makes a role.");

    public static Problem BuildProtected(string stack, string region) =>
        Problem.Error("MLOPS7070", $"The stack '{stack}' is protected from deletion, which no deploy does: somebody meant it to stay. Nothing was taken away. If it is to go, take the protection off ('aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {stack} --region {region}'), then run the command again.");

    public static Problem StillServed(string stage, string stack, string region) =>
        Problem.Error("MLOPS7059", $"'{stage}' is still served by the stack '{stack}', and the stack of the build, which knows of it, is gone. Nothing was erased. Deploy again and destroy then, or delete that stack: aws cloudformation delete-stack --stack-name {stack} --region {region}.");

    public static Problem OtherModelsData(string bucket, string key, string prefix) =>
        Problem.Error("MLOPS7060", $"Below '{prefix}/' in the bucket '{bucket}' lies what another model keeps there ('{key}'). Nothing was taken away. Give each model an 'aws.prefix' of its own, none within another's; what is to go from here now, only a person can choose ('aws s3 rm').");

    public static Problem SharedPrefix(string bucket, string prefix) =>
        Problem.Error("MLOPS7060", $"'{prefix}/' in the bucket '{bucket}' is a prefix that other models may have as well ('aws.prefix'), and nothing there says whose code and data are whose. Nothing was taken away. Run 'destroy --all' without '--data', and delete what you know to be this model's alone, by hand.");

    public static Problem MayNotErase(string bucket, string reason) =>
        Problem.Error("MLOPS7061", $"What lies in the bucket '{bucket}' may not be listed or deleted ({PlatformErrors.Sentence(reason)[..^1]}). All others are emptied. Give the identity s3:ListBucketVersions, s3:DeleteObject and s3:DeleteObjectVersion there, then run the command again.");

    public static Problem NotErased(string bucket, int count, string key, string reason) =>
        Problem.Error("MLOPS7055", string.Create(CultureInfo.InvariantCulture, $"{count} object versions in the bucket '{bucket}' may not be deleted, the first is '{key}' ({PlatformErrors.Sentence(reason)[..^1]}). All others are gone. End what holds them (a policy, a retention of Object Lock), then run the command again: it takes away what is left."));

    public static Problem StillRunning(string pipeline, IReadOnlyList<string> executions) =>
        Problem.Error("MLOPS7064", $"The pipeline '{pipeline}' is running ({string.Join(", ", executions.Select(ResourceNames.LastPart))}), and SageMaker deletes none that is. Nothing was taken away. Wait for its end, or stop it: 'aws sagemaker stop-pipeline-execution --pipeline-execution-arn {executions[0]} --region {executions[0].Split(':')[3]}'; then run the command again.");

    public static Problem DataChanged(string name) =>
        Problem.Error("MLOPS7065", $"The data set '{name}' was written to while it was sent: what lies in the bucket would not be what its key says, and was taken away again. Run the command again when nobody writes to it.");

    public static Problem NoEvents(string bucket, string rule) =>
        Problem.Warning("MLOPS7066", $"The bucket '{bucket}' tells EventBridge nothing of new objects: '{rule}' waits for them, and never starts anything. Turn that on: 'aws s3api put-bucket-notification-configuration --bucket {bucket} --notification-configuration ...' with what 'get-bucket-notification-configuration' shows and \"EventBridgeConfiguration\": {{}}.");

    public static Problem LooseModelElsewhere(string stage, string uri, string region) =>
        Problem.Error("MLOPS7072", $"The version is made of the objects below '{uri}' (ModelDataSource), and '{stage}' is in {region}: a deploy copies archives to another region, and no prefixes. The stage is as it was. Register the model as one model.tar.gz ('mlops register'), or serve it in the region of its data.");

    public static Problem NotScaled(string stack) =>
        Problem.Warning("MLOPS7067", $"The endpoint of the stack '{stack}' is not scaled any more: that was taken off for a change which did not go through, and could not be put back. Put right what failed, and deploy again.");
}
