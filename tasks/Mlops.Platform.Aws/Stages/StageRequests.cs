using System.Text;
using Mlops.Definitions;
using Mlops.Platform.Aws.Stacks;

namespace Mlops.Platform.Aws.Stages;

/// <summary>What CloudFormation is asked for a stage: the deploy template with the containers of a version, and the stage's parameters.</summary>
internal sealed class StageRequests(Workspace workspace, BuildSite site)
{
    private readonly Lazy<StackTemplateFile> template = new(() => StackTemplateFile.Read(workspace.Artifacts, StackContract.DeployTemplate));

    public string NameOf(Stage stage) => ResourceNames.Stack(workspace.Deployment.ModelName, stage.Name);

    /// <summary>A stage as config.yaml has it.</summary>
    /// <param name="further">Packages of versions beside the one that is deployed, by their parameters.</param>
    /// <param name="account">In which it is, as <paramref name="region"/>.</param>
    public StackRequest Of(Stage stage, ServedPackage package, IReadOnlyDictionary<string, ServedPackage> further, StackState? there, string account, string region)
    {
        var (parameters, tags) = StackParameters.Read(workspace.Artifacts, ArtifactFiles.StageParameters(stage.Name), StackContract.DeployTemplate);
        var values = new Dictionary<string, string>(parameters, StringComparer.Ordinal) { [StackContract.PackageParameter] = package.Arn, [StackContract.ModelBucketParameter] = package.Bucket };
        values.TryAdd(StackContract.BucketParameter, stage.Aws.Bucket ?? site.Objects.Bucket);
        if (site.Topic is { } topic)
            values.TryAdd(StackContract.TopicParameter, topic);
        foreach (var (parameter, other) in further)
            values[parameter] = other.Arn;
        KeepStreamStart(values, there);
        var whole = WithContainers(package, further).WithNames(StackParameters.In(account, region, values));
        return new StackRequest(NameOf(stage), whole, null, Only(values, whole), tags);
    }

    /// <summary>A stream has been read from somewhere on: where its first reading begins is no longer a question, and Lambda takes no other answer for the same stream.</summary>
    private static void KeepStreamStart(Dictionary<string, string> values, StackState? stack)
    {
        if (values.ContainsKey(StackContract.StreamStartParameter) && stack is { IsEmpty: false, NeverWhole: false } there &&
            there.Parameters.GetValueOrDefault(StackContract.StreamSourceParameter) == values.GetValueOrDefault(StackContract.StreamSourceParameter) && there.Parameters.TryGetValue(StackContract.StreamStartParameter, out var start))
            values[StackContract.StreamStartParameter] = start;
    }

    /// <summary>A stage as it was.</summary>
    public async Task<StackRequest> EarlierAsync(Stage stage, ServedPackage package, IReadOnlyDictionary<string, ServedPackage> further, StageSettings settings, CancellationToken cancellation)
    {
        var (_, tags) = StackParameters.Read(workspace.Artifacts, ArtifactFiles.StageParameters(stage.Name), StackContract.DeployTemplate);
        // As it was sent, with the containers of then.
        var earlier = (settings.TemplateSha256 is { } hash ? await SentAsync(hash, cancellation) : null)
            ?? WithContainers(package, further);
        var values = new Dictionary<string, string>(settings.Parameters, StringComparer.Ordinal) { [StackContract.PackageParameter] = package.Arn, [StackContract.ModelBucketParameter] = package.Bucket };
        return new StackRequest(NameOf(stage), earlier, null, Only(values, earlier), tags);
    }

    /// <summary>Keeps a template for the way back to it.</summary>
    public Task KeepAsync(StackTemplateFile sent, CancellationToken cancellation) => site.Objects.PutAsync(TemplateKey(sent.Sha256), Encoding.UTF8.GetBytes(sent.Source), cancellation);

    /// <summary>A template that was kept; null: it is gone.</summary>
    public async Task<StackTemplateFile?> SentAsync(string sha256, CancellationToken cancellation) =>
        await site.Objects.ReadKeyAsync(TemplateKey(sha256), cancellation) is { } content ? StackTemplateFile.Parse(content, "The earlier template") : null;

    private string TemplateKey(string sha256) => $"{workspace.Deployment.Prefix}/templates/{sha256}.json";

    private StackTemplateFile WithContainers(ServedPackage package, IReadOnlyDictionary<string, ServedPackage> further) =>
        template.Value.WithContainers(further.Append(KeyValuePair.Create(StackContract.PackageParameter, package)).ToDictionary(p => p.Key, p => p.Value.Containers, StringComparer.Ordinal));

    private static Dictionary<string, string> Only(Dictionary<string, string> values, StackTemplateFile template)
    {
        var declared = template.Parameters.ToHashSet(StringComparer.Ordinal);
        return values.Where(v => declared.Contains(v.Key)).ToDictionary(StringComparer.Ordinal);
    }
}
