using System.Text.Json.Nodes;

namespace Mlops.Platform.Aws.Tests;

/// <summary>A test in an account of its own: whatever it did, no request had a form that AWS would refuse.</summary>
[Collection(AwsCollection.Name)]
public abstract class AwsTest(StandIn aws) : IAsyncLifetime
{
    protected StandIn Aws => aws;

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        if (aws.Url is not null)
            Assert.Empty(await aws.InvalidAsync());
    }

    /// <summary>An empty account, where evaluations find this accuracy, or area under the curve.</summary>
    protected async Task StartAsync(double measured = 0.95)
    {
        await aws.ResetAsync();
        JsonObject Value() => new() { ["value"] = measured };
        await aws.SetAsync(new JsonObject
        {
            ["report"] = new JsonObject
            {
                ["multiclass_classification_metrics"] = new JsonObject { ["accuracy"] = Value() },
                ["binary_classification_metrics"] = new JsonObject { ["auc"] = Value() },
            },
        });
    }

    /// <summary>A repository whose first version serves in the stages that ask nobody.</summary>
    private protected async Task<ModelRepository> DeployedAsync(string name = "stages")
    {
        await StartAsync();
        var repository = new ModelRepository(name);
        await repository.DeployAsync();
        return repository;
    }

    protected Task AnswerAsync(int status, string body) =>
        aws.SetAsync(new JsonObject { ["predictions"] = new JsonObject { ["status"] = status, ["content_type"] = "text/plain", ["body"] = body } });

    /// <summary>The version that a stage's stack serves, as CloudFormation says.</summary>
    protected int ServedVersion(string stack) => int.Parse(
        ((string)aws.Boto($"[p['ParameterValue'] for p in client('cloudformation').describe_stacks(StackName='{stack}')['Stacks'][0]['Parameters'] if p['ParameterKey'] == 'ModelPackageArn'][0]")!).Split('/')[^1], System.Globalization.CultureInfo.InvariantCulture);

    protected static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(i => (string)i!);
}
