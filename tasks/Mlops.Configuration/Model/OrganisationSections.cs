using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'notify'")]
public sealed record NotifySection : Section
{
    [Key("emails", "Who gets a mail.", Min = 1, Max = 50, Pattern = Patterns.Email, PatternMeaning = Patterns.EmailMeaning, Example = "[ml-oncall@example.com]")]
    public IReadOnlyList<Located<string>>? Emails { get; init; }

    [Key("topic", "An SNS topic of your own.", DefaultText = "one made by the build stack", Arn = "sns:")]
    public Located<Arn>? Topic { get; init; }

    [Key("events", "Of what.", DefaultText = "all", Min = 1, Max = 8)]
    public IReadOnlyList<Located<NotifyEvent>>? Events { get; init; }
}

public enum NotifyEvent
{
    RunFailed,
    GateFailed,
    ApprovalNeeded,
    Deployed,
    RolledBack,
    StackStuck,
    Violation,
    Alarm,
}

public static class NotifyEvents
{
    /// <summary>Whether it happens where a stage is; else where the model is built.</summary>
    public static bool IsOfStage(this NotifyEvent what) => what is NotifyEvent.Deployed or NotifyEvent.RolledBack or NotifyEvent.Violation or NotifyEvent.Alarm or NotifyEvent.StackStuck;
}

[Section("'access'")]
public sealed record AccessSection : Section
{
    [Key("data_scientist", "Reads data and runs, starts runs, tries models.")]
    public PersonaSection? DataScientist { get; init; }

    [Key("ml_engineer", "Changes pipelines and stages.")]
    public PersonaSection? MlEngineer { get; init; }

    [Key("approver", "Approves and rejects versions.")]
    public PersonaSection? Approver { get; init; }

    [Key("auditor", "Reads everything, changes nothing.")]
    public PersonaSection? Auditor { get; init; }
}

[Section("the persona")]
public sealed record PersonaSection : Section
{
    [Key("principals", "The roles and users that may take on this role.", Required = true, Min = 1, Max = 50, Arn = "iam:role/|iam:user/")]
    public IReadOnlyList<Located<Arn>>? Principals { get; init; }
}

[Section("'labeling'")]
public sealed record LabelingSection : Section
{
    [Key("data", "The data set that new labels go to; its format is manifest.", Required = true)]
    public Located<string>? Data { get; init; }

    [Key("tool", "Who asks: SageMaker Ground Truth (takes no new customers), or a tool of your own that reads and writes manifest files.", Default = "manifest")]
    public Located<LabelingTool>? Tool { get; init; }

    [Key("input", "The manifest of what is to be labelled.", Required = true, Example = "s3://acme-ml/unlabeled/input.manifest")]
    public Located<S3Uri>? Input { get; init; }

    [Key("task", "What is asked.", Required = true)]
    public Located<LabelingTask>? Task { get; init; }

    [Key("labels", "The answers to choose from.", Min = 1, Max = 250)]
    public IReadOnlyList<Located<string>>? Labels { get; init; }

    [Key("title", "The question.", Required = true, Min = 1, Max = 128)]
    public Located<string>? Title { get; init; }

    [Key("template", "The page that a worker sees, in Liquid.")]
    public Located<RepositoryPath>? Template { get; init; }

    [Key("workers", "Who answers.")]
    public WorkersSection? Workers { get; init; }

    [Key("schedule", "When a round of labelling begins.")]
    public Located<Schedule>? Schedule { get; init; }
}

public enum LabelingTool
{
    Manifest,
    GroundTruth,
}

public enum LabelingTask
{
    TextClassification,
    ImageClassification,
    BoundingBox,
    SemanticSegmentation,
    NamedEntityRecognition,
    Custom,
}

[Section("'workers'")]
public sealed record WorkersSection : Section
{
    [Key("team", "The work team.", Required = true, Arn = "sagemaker:workteam/")]
    public Located<Arn>? Team { get; init; }

    [Key("per_item", "How many answer each.", Default = "1", Min = 1, Max = 9)]
    public Located<long>? PerItem { get; init; }

    [Key("time_limit", "The longest an answer may take.", Default = "1h", Min = 30, Max = 28_800)]
    public Located<Duration>? TimeLimit { get; init; }
}

[Section("'ci'")]
public sealed record CiSection : Section
{
    [Key("provider", "Where builds run.", Required = true)]
    public Located<CiProvider>? Provider { get; init; }

    [Key("repository", "The repository's name there.", Required = true, Pattern = "[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", PatternMeaning = "a repository such as acme/customer-churn", Max = 255, Example = "acme/customer-churn")]
    public Located<string>? Repository { get; init; }

    [Key("branch", "The branch that is deployed.", Default = "main", Pattern = "[A-Za-z0-9_][A-Za-z0-9_./-]*", PatternMeaning = "a branch such as main", Max = 255)]
    public Located<string>? Branch { get; init; }

    [Key("role", "The role that a build takes on through OIDC: no key is stored. Not for codepipeline, whose project has one. Its region is aws.region, else the variable AWS_REGION of the host.", Arn = "iam:role/")]
    public Located<Arn>? Role { get; init; }

    [Key("connection", "The connection to the repository's host, for codepipeline; without one it is CodeCommit.", Arn = "codeconnections:connection/|codestar-connections:connection/")]
    public Located<Arn>? Connection { get; init; }
}

public enum CiProvider
{
    GithubActions,
    Gitlab,
    AzurePipelines,
    Codepipeline,
}
