using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'aws'")]
public sealed record AwsSection : Section
{
    [Key("account", "The account; any other is refused before the first change.", DefaultText = "the credentials' own", Pattern = Patterns.Account, PatternMeaning = Patterns.AccountMeaning, Example = "111111111111")]
    public Located<string>? Account { get; init; }

    [Key("region", "The region.", DefaultText = "that of the AWS configuration", Example = "eu-west-1")]
    public Located<AwsRegion>? Region { get; init; }

    [Key("deploy_role", "The role that is assumed to deploy.", DefaultText = "the credentials as they are", Arn = "iam:role/")]
    public Located<Arn>? DeployRole { get; init; }

    [Key("execution_role", "The role of jobs and endpoints.", DefaultText = "a least-privilege role made by the build stack", Arn = "iam:role/")]
    public Located<Arn>? ExecutionRole { get; init; }

    [Key("permissions_boundary", "The boundary of the roles that are made.", Arn = "iam:policy/")]
    public Located<Arn>? PermissionsBoundary { get; init; }

    [Key("bucket", "The bucket.", DefaultText = "one made by the build stack", Example = "acme-ml-artifacts")]
    public Located<BucketName>? Bucket { get; init; }

    [Key("prefix", "Of everything that is written to the bucket.", DefaultFrom = "model.name", Pattern = @"(?!\.\.?(?:/|$))[A-Za-z0-9!_.*'()-]+(/(?!\.\.?(?:/|$))[A-Za-z0-9!_.*'()-]+)*", PatternMeaning = "a prefix such as team/churn, without '/' at its ends and without '.' and '..' as a part", Max = 256)]
    public Located<string>? Prefix { get; init; }

    [Key("kms_key", "The key that encrypts what is written; required where accounts differ.", DefaultText = "S3's own encryption", Arn = "kms:key/|kms:alias/")]
    public Located<Arn>? KmsKey { get; init; }

    [Key("network", "The VPC that jobs and endpoints run in.")]
    public NetworkSection? Network { get; init; }

    [Key("retention", "How long what is written is kept; registered versions are kept.")]
    public RetentionSection? Retention { get; init; }
}

[Section("'network'")]
public sealed record NetworkSection : Section
{
    [Key("subnets", "The subnets.", Required = true, Min = 1, Max = 16, Pattern = "subnet-[0-9a-f]{8,17}", PatternMeaning = "a subnet's id such as subnet-0a1b2c3d", Example = "[subnet-0a1b2c3d]")]
    public IReadOnlyList<Located<string>>? Subnets { get; init; }

    [Key("security_groups", "The security groups.", Required = true, Min = 1, Max = 5, Pattern = "sg-[0-9a-f]{8,17}", PatternMeaning = "a security group's id such as sg-0a1b2c3d", Example = "[sg-0a1b2c3d]")]
    public IReadOnlyList<Located<string>>? SecurityGroups { get; init; }

    [Key("isolated", "Whether containers reach no network at all.", Default = "false")]
    public Located<bool>? Isolated { get; init; }

    [Key("encrypt_traffic", "Whether the traffic between a job's instances is encrypted.", Default = "false")]
    public Located<bool>? EncryptTraffic { get; init; }
}

[Section("'retention'")]
public sealed record RetentionSection : Section
{
    [Key("runs", "Of what runs write, in the bucket that the build stack makes; a bucket of your own ('aws.bucket') keeps its own rules.", DefaultText = "for good", Min = 86_400, Max = 315_360_000)]
    public Located<Duration>? Runs { get; init; }

    [Key("capture", "Of captured requests, in that bucket.", DefaultText = "for good", Min = 86_400, Max = 315_360_000)]
    public Located<Duration>? Capture { get; init; }

    [Key("logs", "Of logs.", DefaultText = "for good", Min = 86_400, Max = 315_360_000)]
    public Located<Duration>? Logs { get; init; }
}

[Section("'local'")]
public sealed record LocalSection : Section
{
    [Key("root", "The folder with registry, runs, artifacts and buckets.", Default = ".mlops")]
    public Located<RepositoryPath>? Root { get; init; }

    [Key("port", "The port of the endpoints, on 127.0.0.1.", DefaultText = "the first free one from 8080", Min = 1024, Max = 65535)]
    public Located<long>? Port { get; init; }

    [Key("keep_runs", "How many of the newest runs stay whole; older ones lose what no registered version needs, a few at a time.", Default = "100", Min = 1, Max = 100_000)]
    public Located<long>? KeepRuns { get; init; }

    [Key("sandbox", "How a step is kept apart: not at all, in a mount namespace, or in a container.", Default = "auto")]
    public Located<Sandbox>? Sandbox { get; init; }

    [Key("interpreters", "The commands that run programs.", Default = "{ python: python3, r: Rscript }")]
    public InterpretersSection? Interpreters { get; init; }

    [Key("stand_ins", "Commands for what a laptop has not, by function ARN, queue URL, image URI or cluster id; input comes on stdin as JSON.", Max = 100)]
    public NamedMap<Given<string>>? StandIns { get; init; }
}

public enum Sandbox
{
    Auto,
    Process,
    Namespace,
    Docker,
}

[Section("'interpreters'")]
public sealed record InterpretersSection : Section
{
    [Key("python", "Runs .py files.", Default = "python3", Min = 1, Max = 1024)]
    public Located<string>? Python { get; init; }

    [Key("r", "Runs .R files.", Default = "Rscript", Min = 1, Max = 1024)]
    public Located<string>? R { get; init; }
}
