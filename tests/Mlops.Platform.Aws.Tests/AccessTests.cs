using System.Text.Json.Nodes;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Tests;

/// <summary>Whose credentials, which account: said before anything is changed.</summary>
[Collection(AwsCollection.Name)]
public sealed class AccessTests(StandIn aws)
{
    [SkippableFact]
    public async Task Without_credentials_nothing_begins()
    {
        await aws.ResetAsync();
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", null);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", null);
        using var home = new EmptyHome();
        using var repository = new ModelRepository("python-minimal");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS7001", problem.Code);
        Assert.Empty(await aws.RequestsAsync());
    }

    [SkippableFact]
    public async Task Wrong_credentials_are_told_from_missing_permissions()
    {
        await aws.ResetAsync();
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "another");
        using var repository = new ModelRepository("python-minimal");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS7003", problem.Code);
        Assert.DoesNotContain("another", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_region_that_is_misspelt_is_named()
    {
        var unknown = new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.HostNotFound);
        Problem Explained(string host) => Access.Failures.Explain(new Amazon.Runtime.AmazonClientException("It failed.", new HttpRequestException($"Name or service not known ({host}:443)", unknown)), "")!;

        Assert.Contains("'us-esat-1' is no region", Explained("sts.us-esat-1.amazonaws.com").Message, StringComparison.Ordinal);
        var offline = Explained("ml-models-1.s3.us-east-1.amazonaws.com");
        Assert.Equal("MLOPS7006", offline.Code);
        Assert.Contains("(ml-models-1.s3.us-east-1.amazonaws.com:443)", offline.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("no region", offline.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Another_account_than_the_configured_one_is_refused_before_the_first_change()
    {
        await aws.ResetAsync();
        using var repository = new ModelRepository("python-minimal", c => c + "\naws: { account: \"999999999999\" }\n");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS7010", problem.Code);
        Assert.Contains("999999999999", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(await aws.RequestsAsync(), r => (bool)r["write"]!);
    }

    [SkippableFact]
    public async Task A_bucket_that_is_not_there_is_said()
    {
        await aws.ResetAsync();
        using var repository = new ModelRepository("python-minimal", c => c + "\naws: { bucket: nobody-has-this }\n");

        Assert.Equal("MLOPS7013", (await repository.FailAsync(() => repository.DeployAsync())).Code);
        Assert.DoesNotContain(await aws.RequestsAsync(), r => (bool)r["write"]!);
    }

    [SkippableFact]
    public async Task A_bucket_in_another_region_gets_nothing()
    {
        await aws.ResetAsync();
        aws.Boto("client('s3', region_name='eu-west-1').create_bucket(Bucket='far-away', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})['ResponseMetadata']['HTTPStatusCode']");
        using var repository = new ModelRepository("python-minimal", c => c + "\naws: { bucket: far-away }\n");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS7069", problem.Code);
        Assert.DoesNotContain(await aws.RequestsAsync(), r => (bool)r["write"]! && (string)r["service"]! == "cloudformation");
    }

    [SkippableTheory]
    [InlineData(100)]
    [InlineData(20 << 20)]
    public async Task A_file_is_known_by_the_entity_tag_that_S3_gives_it(int bytes)
    {
        await aws.ResetAsync();
        using var folder = TestFolder.Temporary();
        var file = folder.File("model.tar.gz");
        await File.WriteAllBytesAsync(file, [.. Enumerable.Range(0, bytes).Select(i => (byte)(i * 31 / 7))]);
        // Uploads as boto3 does: larger ones in parts of 8 MiB.
        var tag = (string)aws.Boto($"(lambda c: (c.create_bucket(Bucket='tags'), c.upload_file('{file}', 'tags', 'k'), c.head_object(Bucket='tags', Key='k')['ETag'])[2])(client('s3', region_name='us-east-1'))")!;

        Assert.Equal(tag.Trim('"'), Governance.EntityTag.Of(file, tag));
        await File.AppendAllTextAsync(file, "x");
        Assert.NotEqual(tag.Trim('"'), Governance.EntityTag.Of(file, tag));
    }

    [Fact]
    public void An_image_of_ECR_is_served_by_the_digest_that_was_registered()
    {
        Amazon.SageMaker.Model.ModelPackageContainerDefinition Of(string image, string? digest) => new() { Image = image, ImageDigest = digest };
        string Served(string image, string? digest) => (string)Stages.ServedPackage.ContainersOf([Of(image, digest)])[0]!["Image"]!;

        Assert.Equal("1.dkr.ecr.eu-west-1.amazonaws.com/churn@sha256:ab", Served("1.dkr.ecr.eu-west-1.amazonaws.com/churn:latest", "sha256:ab"));
        Assert.Equal("1.dkr.ecr.eu-west-1.amazonaws.com/churn:latest", Served("1.dkr.ecr.eu-west-1.amazonaws.com/churn:latest", null));
        Assert.Equal("localhost:5000/churn", Served("localhost:5000/churn", "sha256:ab"));
    }

    [SkippableFact]
    public async Task A_bucket_of_another_account_gets_nothing()
    {
        await aws.ResetAsync();
        aws.Boto("client('s3', region_name='us-east-1').create_bucket(Bucket='of-another')['ResponseMetadata']['HTTPStatusCode']", "222222222222");
        using var repository = new ModelRepository("python-minimal", c => c + "\naws: { bucket: of-another }\n");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS7012", problem.Code);
        Assert.DoesNotContain(await aws.RequestsAsync(), r => (bool)r["write"]! && (string)r["service"]! == "cloudformation");
        Assert.Empty(aws.Boto("client('s3', region_name='us-east-1').list_objects_v2(Bucket='of-another').get('Contents', [])", "222222222222")!.AsArray());
    }

    [SkippableFact]
    public async Task Whoever_cannot_assume_the_deploy_role_looks_and_decides_as_themselves_and_deploys_nothing()
    {
        await StartAsync();
        using var repository = new ModelRepository("python-minimal", c => c + "\naws: { deploy_role: \"arn:aws:iam::123456789012:role/deploy\" }\n");
        await repository.DeployAsync();
        await aws.SetAsync(new JsonObject { ["deny"] = new JsonArray("AssumeRole") });

        Assert.Equal("MLOPS7011", (await repository.FailAsync(() => repository.DeployAsync())).Code);

        var events = new Recorder();
        await using var platform = await AwsPlatform.OpenAsync(repository.Workspace, new AwsAccess(needsRoles: false, events), events, CancellationToken.None);
        Assert.Single(await platform.Models.ListAsync(repository.Workspace.Deployment.ModelPackageGroupName, CancellationToken.None));
        Assert.Contains(events.All.OfType<Notice>(), n => n.Text.Contains("'arn:aws:iam::123456789012:role/deploy' cannot be assumed", StringComparison.Ordinal));
    }

    /// <summary>Roles trust themselves no longer of themselves: a CI job whose credentials are the deploy role's has nothing to assume.</summary>
    [SkippableFact]
    public async Task Whoever_is_the_deploy_role_already_deploys()
    {
        await StartAsync();
        Become("ci");
        using var repository = new ModelRepository("python-minimal", c => c + "\naws: { deploy_role: \"arn:aws:iam::123456789012:role/ci\" }\n");
        await aws.SetAsync(new JsonObject { ["deny"] = new JsonArray("AssumeRole") });

        Assert.True((await repository.DeployAsync()).Changed);
        repository.Change(c => c.Replace(":role/ci", ":role/of-others", StringComparison.Ordinal));
        Assert.Equal("MLOPS7011", (await repository.FailAsync(() => repository.DeployAsync())).Code);
    }

    /// <summary>boto3 in a test of a stage asks in the stage's account, not in the caller's.</summary>
    [SkippableFact]
    public async Task A_program_that_tests_a_stage_has_the_keys_of_the_role_that_reaches_it()
    {
        await StartAsync();
        using var repository = new ModelRepository("python-minimal", c => c + "\naws: { deploy_role: \"arn:aws:iam::123456789012:role/deploy\" }\n");
        await repository.DeployAsync();

        var surroundings = await repository.OnAsync(c => c.Platform.Stages.TestSurroundingsAsync(c.Workspace.Deployment.Stages[0], CancellationToken.None));

        Assert.Equal("us-east-1", surroundings.Environment["AWS_REGION"]);
        Assert.NotEqual("testing", surroundings.Environment["AWS_ACCESS_KEY_ID"]);
        Assert.NotEmpty(surroundings.Environment["AWS_SESSION_TOKEN"]!);
    }

    [SkippableFact]
    public async Task No_key_material_is_told_or_stored()
    {
        await StartAsync();
        var role = Become("ci");
        using var repository = new ModelRepository("python-minimal");
        await repository.DeployAsync();

        var told = string.Join('\n', repository.Events.All.Select(e => EventJson.Write(e, null)));
        var stored = (string)aws.Boto("(lambda s: ' '.join(s.get_object(Bucket='penguins-123456789012-us-east-1', Key=o['Key'])['Body'].read().decode('latin-1') for o in s.list_objects_v2(Bucket='penguins-123456789012-us-east-1')['Contents']))(client('s3'))")!;

        Assert.NotEmpty(stored);
        foreach (var secret in new[] { "SecretAccessKey", "SessionToken" })
            Assert.DoesNotContain((string)role[secret]!, told + stored, StringComparison.Ordinal);
    }

    /// <summary>A home folder without profiles.</summary>
    private sealed class EmptyHome : IDisposable
    {
        private static readonly string[] Variables = ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"];

        public EmptyHome()
        {
            foreach (var variable in Variables)
                Environment.SetEnvironmentVariable(variable, Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()));
        }

        public void Dispose()
        {
            foreach (var variable in Variables)
                Environment.SetEnvironmentVariable(variable, null);
        }
    }

    /// <summary>An empty account, where evaluations find what passes the gates.</summary>
    private async Task StartAsync()
    {
        await aws.ResetAsync();
        await aws.SetAsync(JsonNode.Parse("""{"report": {"multiclass_classification_metrics": {"accuracy": {"value": 0.95}}}}""")!.AsObject());
    }

    /// <summary>Goes on as a session of a role. Returns its credentials.</summary>
    private JsonNode Become(string name)
    {
        var role = aws.Boto($"client('sts').assume_role(RoleArn='arn:aws:iam::123456789012:role/{name}', RoleSessionName='{name}')['Credentials']")!;
        foreach (var (variable, member) in new[] { ("AWS_ACCESS_KEY_ID", "AccessKeyId"), ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"), ("AWS_SESSION_TOKEN", "SessionToken") })
            Environment.SetEnvironmentVariable(variable, (string)role[member]!);
        return role;
    }
}
