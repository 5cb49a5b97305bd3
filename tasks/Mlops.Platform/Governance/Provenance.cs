using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Governance;

/// <summary>
/// Of what a version was made: an in-toto statement (v1) with SLSA's provenance (v1). Its digests can be checked against a checkout, without a network.
/// Sources: github.com/in-toto/attestation, spec/v1/statement.md; slsa.dev/spec/v1.0/provenance.
/// </summary>
public sealed class Provenance
{
    private const string StatementType = "https://in-toto.io/Statement/v1";
    private const string PredicateType = "https://slsa.dev/provenance/v1";
    private const string PipelineKind = "pipeline";
    private const string PipelineDigest = "pipelineSha256";
    private const string Home = "https://github.com/mlops-sdk/mlops-sdk";

    private readonly JsonObject statement;

    private Provenance(JsonObject statement) => this.statement = statement;

    /// <summary>What it was made of: commit, configuration, code and data.</summary>
    public IReadOnlyList<Material> Materials => [.. Items(Definition["resolvedDependencies"]).Select(Material.Of)];

    /// <summary>The model's archive.</summary>
    public IReadOnlyList<Material> Subjects => [.. Items(statement["subject"]).Select(Material.Of)];

    /// <summary>Whether a run of the pipeline made it; else it was brought.</summary>
    public bool IsOfPipeline => (string?)Definition["buildType"] == $"{Home}/{PipelineKind}/v1";

    /// <summary>What the published definition of its run was, by its content; null: it was brought, or an earlier version of this program wrote the statement.</summary>
    public string? PipelineSha256 => (string?)Definition["internalParameters"]?[PipelineDigest];

    public string ExecutionId => (string?)statement["predicate"]?["runDetails"]?["metadata"]?["invocationId"] ?? "";

    /// <summary>The run's parameters by name, and hyperparameters by step and name.</summary>
    public IReadOnlyDictionary<string, string> Parameters => Definition["externalParameters"] is not JsonObject external ? new Dictionary<string, string>()
        : Members(external["parameters"]).Concat(Members(external["hyperparameters"])).ToDictionary(p => p.Key, p => p.Value?.ToString() ?? "", StringComparer.Ordinal);

    private static JsonObject Members(JsonNode? node) => node as JsonObject ?? [];

    private JsonObject Definition => statement["predicate"]!["buildDefinition"]!.AsObject();

    public byte[] ToJson() => Json.Write(statement);

    /// <summary>Reads a statement; throws <see cref="DefinitionException"/> where it is none.</summary>
    public static Provenance Parse(byte[] utf8, string what)
    {
        var json = Json.ReadObject(utf8, what);
        return (string?)json["_type"] == StatementType && (string?)json["predicateType"] == PredicateType && json["predicate"]?["buildDefinition"] is JsonObject
            ? new Provenance(json) : throw new DefinitionException($"{what} is no in-toto statement of SLSA's provenance v1.");
    }

    /// <param name="request">How the run was started. Of a selective one only what its chosen steps use is known; parameters and digests of the rest are the earlier execution's, and left open.</param>
    /// <param name="result">Where it did not run, the run was an earlier one of the same code, data and parameters; commit and configuration may have been others, and are not known.</param>
    public static Provenance Of(Workspace workspace, PipelineDefinition published, ModelVersion version, RunRequest request, ExecutionResult result)
    {
        var (deployment, isOfThisRun) = (workspace.Deployment, result.Ran);
        var selected = request.Selection?.Steps;
        var used = selected is null ? null : StepSelection.Parameters(published, selected);
        var isWhole = isOfThisRun && result.SourceExecutionId is null;
        var values = new JsonObject();
        foreach (var parameter in published.Parameters)
            values[parameter.Name] = used?.Contains(parameter.Name) == false ? null : request.Parameters.TryGetValue(parameter.Name, out var given) ? given : parameter.Default?.DeepClone();
        List<Material> materials =
        [
            .. isWhole ? Checkout(workspace) : [],
            isWhole ? new(deployment.ConfigFile, null, Material.Sha256, deployment.ConfigSha256) : new(deployment.ConfigFile, null, null, null),
            .. deployment.Sources.Select(s => selected is null || StepSelection.Names(published, selected, s.Key) ? new Material(Material.Code + s.File, null, Material.Sha256, s.Sha256) : new Material(Material.Code + s.File, null, null, null)),
            .. deployment.Data.Select(d => used?.Contains(d.Parameter) == false ? new Material(Material.DataSet + d.Name, null, null, null) : Data(d, values[d.Parameter]?.ToString() ?? d.Source)),
        ];
        var external = new JsonObject { ["pipeline"] = deployment.PipelineName, ["parameters"] = values };
        if (Hyperparameters(published, selected, request.Parameters) is { Count: > 0 } hyperparameters)
            external["hyperparameters"] = hyperparameters;
        if (request.Selection is { } selection)
            (external["selectedSteps"], external["sourceExecution"]) = (new JsonArray([.. selection.Steps.Select(s => JsonValue.Create(s))]), result.SourceExecutionId);
        // SageMaker knows an archive by its ETag, where it knows it.
        var algorithm = version.Sha256.Length switch { 0 => null, 64 => Material.Sha256, _ => Material.ETag };
        return Statement(version, PipelineKind, external, materials, new Material(version.ModelDataUrl, null, algorithm, version.Sha256), PipelineContent.DigestOf(deployment, published));
    }

    /// <summary>Of a version that no run made: the archive, and the code that serves it.</summary>
    public static Provenance OfBrought(Workspace workspace, ModelVersion version, ModelRegistration registration)
    {
        var (deployment, request) = (workspace.Deployment, registration.Request.ToJsonString());
        List<Material> materials =
        [
            .. Checkout(workspace),
            new(deployment.ConfigFile, null, Material.Sha256, deployment.ConfigSha256),
            .. deployment.Sources.Where(s => s.File == deployment.PackagedCode || request.Contains(s.Key, StringComparison.Ordinal)).Select(s => new Material(Material.Code + s.File, null, Material.Sha256, s.Sha256)),
        ];
        return Statement(version, "registration", new JsonObject { ["parameters"] = new JsonObject() }, materials, new Material(registration.ModelDataUrl, null, Material.Sha256, registration.Sha256));
    }

    /// <summary>What trainings were started with, by "STEP.NAME"; of a tuning, what its trainings have in common. What SageMaker's toolkit adds is none.</summary>
    private static JsonObject Hyperparameters(PipelineDefinition published, IReadOnlyCollection<string>? selected, IReadOnlyDictionary<string, string> parameters)
    {
        var (found, scope) = (new JsonObject(), new ParameterScope(published, parameters));
        foreach (var step in published.AllSteps.Where(s => s.Type is StepTypes.Training or StepTypes.Tuning && selected?.Contains(s.Name) != false))
        {
            var given = step.Arguments["HyperParameters"] ?? step.Arguments["TrainingJobDefinition"]?["StaticHyperParameters"];
            foreach (var (name, value) in Members(given).Where(h => !h.Key.StartsWith("sagemaker_", StringComparison.Ordinal)))
                found[$"{step.Name}.{name}"] = scope.Text(value) is { } text ? text : value?.DeepClone();
        }

        return found;
    }

    /// <summary>The commit; where files differ from it, its name says so.</summary>
    private static IEnumerable<Material> Checkout(Workspace workspace)
    {
        if (GitState.Commit(workspace.Repository) is { } commit)
            yield return new Material(GitState.IsChanged(workspace.Repository) switch { true => Material.ChangedRepository, false => Material.Repository, null => Material.UnknownRepository }, null, "gitCommit", commit);
    }

    /// <param name="kind">Of the build: how it was made.</param>
    /// <param name="pipelineSha256">Of the definition that was run; null: none was.</param>
    private static Provenance Statement(ModelVersion version, string kind, JsonObject external, IEnumerable<Material> materials, Material subject, string? pipelineSha256 = null) => new(new JsonObject
    {
        ["_type"] = StatementType,
        ["subject"] = new JsonArray(subject.ToJson()),
        ["predicateType"] = PredicateType,
        ["predicate"] = new JsonObject
        {
            ["buildDefinition"] = new JsonObject
            {
                ["buildType"] = $"{Home}/{kind}/v1",
                ["externalParameters"] = external,
                ["internalParameters"] = Internal(version, pipelineSha256),
                ["resolvedDependencies"] = new JsonArray([.. materials.Distinct().Select(m => m.ToJson())]),
            },
            ["runDetails"] = new JsonObject
            {
                ["builder"] = new JsonObject { ["id"] = Home, ["version"] = new JsonObject { ["mlops"] = typeof(Provenance).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion } },
                ["metadata"] = new JsonObject { ["invocationId"] = version.ExecutionId },
            },
        },
    });

    private static JsonObject Internal(ModelVersion version, string? pipelineSha256)
    {
        var parameters = new JsonObject { ["modelPackageGroup"] = version.Group, ["version"] = version.Version };
        if (pipelineSha256 is not null)
            parameters[PipelineDigest] = pipelineSha256;
        return parameters;
    }

    /// <summary>Records it for a version that a run has made.</summary>
    public static async Task RecordAsync(VerbContext context, ExecutionResult result, RunRequest request, CancellationToken cancellation)
    {
        var deployment = context.Workspace.Deployment;
        if (result.Version is not { } number || await context.Platform.Models.FindAsync(deployment.ModelPackageGroupName, number, cancellation) is not { } version
            || await IsRecordedAsync(context, version, null, cancellation))
            return;
        if ((result.Definition ?? await context.Platform.Pipelines.FindAsync(deployment.PipelineName, cancellation)) is not { } ran)
            return;
        try
        {
            await context.Platform.Models.PutProvenanceAsync(version.Group, number, Of(context.Workspace, ran, version, request, result).ToJson(), cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && context.Platform.Explain(e) is { Code: PlatformErrors.AccessDenied } problem)
        {
            // The run has ended well, and whoever deploys what it made may write.
            context.Events.Add((problem with { Message = $"The statement of what version {number} was made of is not written; a deploy with the same code, data and parameters by somebody who may do so writes it. {problem.Message}" }).AsWarning());
        }
    }

    /// <summary>The statement of a version; null: nobody wrote one. One of another run, whose registry is gone, is none of its.</summary>
    /// <exception cref="DefinitionException">What is there is no statement.</exception>
    public static async Task<Provenance?> FindAsync(VerbContext context, ModelVersion version, CancellationToken cancellation) =>
        await context.Platform.Models.ProvenanceAsync(version.Group, version.Version, cancellation) is { } statement
        && Parse(statement, string.Create(CultureInfo.InvariantCulture, $"The statement of version {version.Version}")) is var found && found.IsOf(version) ? found : null;

    /// <summary>Whether a version has its statement. What is there and is none is written anew.</summary>
    /// <param name="brought">The model that was brought; null: a run made it.</param>
    public static async Task<bool> IsRecordedAsync(VerbContext context, ModelVersion version, ModelRegistration? brought, CancellationToken cancellation)
    {
        try
        {
            return await FindAsync(context, version, cancellation) is { } found && (brought is null || found.IsOf(brought));
        }
        catch (DefinitionException)
        {
            return false;
        }
    }

    private bool IsOf(ModelVersion version) => ExecutionId == version.ExecutionId;

    /// <summary>Whether it is of a model that was brought: no execution tells it from one that had its number before.</summary>
    public bool IsOf(ModelRegistration registration) => ExecutionId.Length == 0 && Subjects.Any(s => s.Name == registration.ModelDataUrl && s.Digest == registration.Sha256);

    /// <summary>Published data lies under its hash; of what lies elsewhere in S3 only the place is known.</summary>
    private static Material Data(PublishedData data, string uri)
    {
        var last = uri.TrimEnd('/').Split('/')[^1];
        return Digest.IsOne(last) ? new Material(Material.DataSet + data.Name, uri, Material.Sha256, last) : new Material(Material.DataSet + data.Name, uri, null, null);
    }

    private static IEnumerable<JsonObject> Items(JsonNode? list) => (list as JsonArray ?? []).OfType<JsonObject>();
}

/// <summary>A thing with a digest: in-toto's ResourceDescriptor.</summary>
/// <param name="Algorithm">sha256, gitCommit or etag; null: the digest is not known.</param>
public sealed record Material(string Name, string? Uri, string? Algorithm, string? Digest)
{
    public const string Sha256 = "sha256";

    /// <summary>S3's, of an archive that SageMaker wrote: see <see cref="EntityTag"/>.</summary>
    public const string ETag = "etag";

    /// <summary>What the names of bundles begin with, and of data sets.</summary>
    public const string Code = "code/";

    public const string DataSet = "data/";

    /// <summary>The commit that was checked out, as it was.</summary>
    public const string Repository = "repository";

    /// <summary>The commit that was checked out, and files that differed from it.</summary>
    public const string ChangedRepository = "repository with uncommitted changes";

    /// <summary>The commit that was checked out; whether files differed from it git did not say.</summary>
    public const string UnknownRepository = "repository, perhaps with uncommitted changes";

    public static Material Of(JsonObject json)
    {
        var digest = json["digest"] as JsonObject ?? [];
        return new Material((string?)json["name"] ?? "", (string?)json["uri"], digest.Select(d => d.Key).FirstOrDefault(), digest.Select(d => (string?)d.Value).FirstOrDefault());
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["name"] = Name };
        if (Uri is not null)
            json["uri"] = Uri;
        if (Algorithm is not null)
            json["digest"] = new JsonObject { [Algorithm] = Digest };
        return json;
    }
}
