using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mlops.Configuration.Facts;
using Mlops.Definitions;

namespace Mlops.Compilation.Tests;

/// <summary>The three templates of every golden case, judged by cfn-lint, an IAM scan, and a CloudFormation that deploys them.</summary>
public sealed partial class StackTests
{
    /// <summary>"IAM and AWS STS quotas": all inline policies of a role together, without white space.</summary>
    private const int MostPolicyCharacters = 10_240;

    private static readonly string Golden = Path.Combine(TestFolder.Of<StackTests>(), "Golden");

    /// <summary>The cases that are deployed: between them they hold every property of every resource that any case has.</summary>
    private const string Stream = "arn:aws:kinesis:us-east-1:123456789012:stream/events";

    /// <summary>Runs the witness on a server where the stream is that a stage reads: it is there before a stage is.</summary>
    private const string WithStream = """
        import os, runpy, sys
        os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
        import boto3
        from moto.server import ThreadedMotoServer
        server = ThreadedMotoServer("127.0.0.1", port=0)
        server.start()
        endpoint = "http://127.0.0.1:%d" % server.get_host_and_port()[1]
        boto3.client("kinesis", endpoint_url=endpoint).create_stream(StreamName="events", ShardCount=1)
        sys.argv = sys.argv[1:] + ["--endpoint", endpoint]
        sys.path.insert(0, os.path.dirname(sys.argv[0]))
        try:
            runpy.run_path(sys.argv[0], run_name="__main__")
        finally:
            server.stop()
        """;

    private static readonly string[] Deployed = ["access", "bounded-and-encrypted", "csharp", "full", "monitor-every-kind", "notify-own-topic", "shadow", "stages-of-every-mode", "stream", "three-accounts", "variants"];

    public static TheoryData<string, string> Stages
    {
        get
        {
            var stages = new TheoryData<string, string>();
            foreach (var name in Deployed)
            {
                foreach (var file in Directory.GetFiles(Path.Combine(Golden, name, "expected"), "parameters.*.json").Order(StringComparer.Ordinal))
                    stages.Add(name, Path.GetFileName(file)["parameters.".Length..^".json".Length]);
            }

            return stages;
        }
    }

    [SkippableFact]
    public void Cfn_lint_and_a_scan_for_broad_permissions_find_nothing()
    {
        Skip.If(Conformance.Folder is null || !Conformance.HasPython("cfnlint"), Conformance.Missing);
        using var folder = TestFolder.Temporary();
        foreach (var template in Templates())
            folder.Write($"{template.Case}/{Path.GetFileName(template.File)}", File.ReadAllText(template.File));

        var (exitCode, output) = Conformance.Run("bash", Path.Combine(Conformance.Folder!, "check_templates.sh"), folder.Path, "--quiet");

        Assert.True(exitCode == 0, output);
        Assert.Contains(" 0 error(s), 0 warning(s)", output, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Stages))]
    public void A_stage_deploys_twice_without_a_change_and_goes_again(string name, string stage)
    {
        Skip.If(Conformance.Folder is null || !Conformance.HasPython("moto"), Conformance.Missing);
        var expected = Path.Combine(Golden, name, "expected");
        var parameters = new[] { "parameters.json", $"parameters.{stage}.json" }.Select(f => JsonNode.Parse(File.ReadAllBytes(Path.Combine(expected, f)))!.AsObject()).SelectMany(f => f).ToList();
        // The stand-in's CloudFormation has no policy of a model package group: sharing is left to cfn-lint.
        var given = parameters.SelectMany(t => t.Value!["Parameters"]!.AsObject()).Where(p => p.Key != "SharedAccounts").SelectMany(p => new[] { "--param", $"{p.Key}={p.Value}" });

        var (exitCode, output) = Conformance.RunPython(
            ["-c", WithStream, Path.Combine(Conformance.Folder!, "moto_deploy.py"), .. given, "--param", $"StreamSource={Stream}", "--twice", "--delete", .. parameters.Select(t => Path.Combine(expected, $"{t.Key}.template.json"))]);

        Assert.True(exitCode == 0, output);
        Assert.Contains(" 0 FAILED; 0 problem(s)", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_property_of_every_resource_is_in_a_case_that_deploys()
    {
        var all = Templates().SelectMany(t => JsonNode.Parse(File.ReadAllBytes(t.File))!["Resources"]!.AsObject().SelectMany(r => r.Value!["Properties"]!.AsObject().Select(p => (t.Case, Property: $"{r.Value["Type"]} {p.Key}")))).ToList();

        Assert.Empty(all.Select(a => a.Property).Except(all.Where(a => Deployed.Contains(a.Case)).Select(a => a.Property)));
    }

    [Fact]
    public void Every_statement_says_which_element_needs_it()
    {
        Assert.All(Roles(), role =>
        {
            // Where stages differ, Fn::If stands between: what it chooses from is looked at as well.
            var sids = All(role.Resource["Properties"]!["Policies"]).OfType<JsonObject>().Where(o => o.ContainsKey("Sid")).Select(o => o["Sid"]!.ToString()).Distinct().Order(StringComparer.Ordinal);
            var reasons = All(role.Resource["Metadata"]!["NeededBy"]).OfType<JsonObject>().SelectMany(o => o).Where(p => p.Key[0] == 'S').ToList();
            Assert.Equal(sids, reasons.Select(r => r.Key).Distinct().Order(StringComparer.Ordinal));
            Assert.All(reasons, r => Assert.NotEmpty(r.Value!.ToJsonString()));
        });
    }

    [Fact]
    public void Each_kind_of_element_that_needs_a_permission_has_a_case()
    {
        string[] kinds =
        [
            "build.train", "build.preprocess", "build.register", "build.experiment", "build.score", "build.count", "build.consult", "build.aggregate", "build.bias-predict", "build.check-data", "create-model", "data.rows",
            "model.artifact", "images", "aws.kms_key", "aws.network", "inference", "access.data_scientist", "access.ml_engineer", "access.approver", "access.auditor", "retrain", "retrain.schedule",
            "retrain.cooldown", "retrain.on_violation", "notify", "deploy.stage.capture", "deploy.stage.async", "deploy.stage.batch", "deploy.stage.stream", "monitor", "monitor.data_quality", "monitor.explain",
        ];
        var shown = Roles().SelectMany(r => All(r.Resource["Metadata"]!["NeededBy"])).OfType<JsonValue>().SelectMany(r => r.ToString().Split(", ")).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(kinds.Except(shown));
        Assert.Contains(shown, s => s.Contains(".secrets.", StringComparison.Ordinal));
        Assert.Contains(shown, s => s.Contains(".outputs.", StringComparison.Ordinal));
    }

    /// <summary>The witness is cfn-lint's copy of the "Service Authorization Reference".</summary>
    [SkippableFact]
    public void No_action_that_knows_a_resource_is_allowed_on_all()
    {
        Skip.IfNot(Conformance.HasPython("cfnlint"), "cfn-lint is not installed.");
        var (_, folder) = Conformance.RunPython("-c", "import cfnlint, os; print(os.path.dirname(cfnlint.__file__))");
        var services = JsonNode.Parse(File.ReadAllBytes(Path.Combine(folder.Trim(), "data", "AdditionalSpecs", "Policies.json")))!.AsObject();
        bool KnowsResource(string action) => action.Split(':') is [var service, var name]
            && services[service]?["Actions"]?.AsObject().FirstOrDefault(a => string.Equals(a.Key, name, StringComparison.OrdinalIgnoreCase)).Value?["Resources"] is JsonArray { Count: > 0 };
        Assert.True(KnowsResource("ec2:CreateNetworkInterface") && !KnowsResource("ecr:GetAuthorizationToken"));

        var broad = from role in Roles()
                    from statement in All(role.Resource["Properties"]!["Policies"]).OfType<JsonObject>()
                    where statement["Effect"]?.ToString() == "Allow" && Texts(statement["Resource"]).Contains("*")
                    from action in Texts(statement["Action"])
                    where KnowsResource(action)
                    select $"{role.Name}: {action}";

        Assert.Empty(broad.Distinct());

        static IEnumerable<string> Texts(JsonNode? value) => value is JsonArray list ? list.OfType<JsonValue>().Select(v => v.ToString()) : value is JsonValue one ? [one.ToString()] : [];
    }

    [Fact]
    public void Policies_fit_into_a_role() => Assert.All(Roles(), role =>
        Assert.InRange(role.Resource["Properties"]!["Policies"]!.AsArray().Sum(p => p!["PolicyDocument"]!.ToJsonString().Length), 1, MostPolicyCharacters));

    [Fact]
    public void Many_data_sets_fit_into_a_role()
    {
        using var folder = CopyOf("python-minimal");
        var sets = string.Concat(Enumerable.Range(1, 60).Select(i => $"  set{i}: {{ source: \"s3://acme-data-of-all-teams/customers/by-month/2026-{i:00}/\", format: csv }}\n"));
        var steps = string.Concat(Enumerable.Range(0, 6).Select(s => $"    read{s}: {{ kind: processing, entry_point: src/preprocess.py, inputs: [{string.Join(", ", Enumerable.Range((s * 10) + 1, 9).Select(i => $"set{i}"))}], outputs: [read] }}\n"));
        File.WriteAllText(folder.File("config.yaml"), File.ReadAllText(folder.File("config.yaml")).Replace("\ndata:\n", $"\ndata:\n{sets}", StringComparison.Ordinal).Replace("\nbuild:\n", $"\nbuild:\n  steps:\n{steps}", StringComparison.Ordinal));

        var result = ModelCompiler.Compile(new CompileRequest(folder.File("config.yaml")));

        var role = JsonNode.Parse(result.Artifacts.Single(t => t.Name == "model-build.template.json").Content.Span)!["Resources"]!["ExecutionRole"]!;
        // As IAM gets it: with texts in place of Fn::Sub. What these refer to is no longer than its name.
        var policy = System.Text.RegularExpressions.Regex.Replace(role["Properties"]!["Policies"]![0]!["PolicyDocument"]!.ToJsonString(), """\{"Fn::Sub":("[^"]*")\}""", "$1");
        Assert.InRange(policy.Length, 1, MostPolicyCharacters);
        Assert.Contains("data.set1, data.set2, ", role["Metadata"]!["NeededBy"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stage_s_test_beside_the_configuration_is_a_program_of_the_repository()
    {
        using var folder = CopyOf("stages");
        folder.Write("smoke.py", "");
        File.WriteAllText(folder.File("config.yaml"), File.ReadAllText(folder.File("config.yaml")).Replace("{ entry_point: src/train.py }]", "{ entry_point: smoke.py }]", StringComparison.Ordinal));

        var result = ModelCompiler.Compile(new CompileRequest(folder.File("config.yaml")));

        var deployment = DeploymentDefinition.Parse(result.Artifacts.Single(t => t.Name == ArtifactFiles.Deployment).Content.Span);
        Assert.Equal(["python3", "./smoke.py"], deployment.Stages[0].Tests[1].Command);
    }

    /// <summary>A bus is of an account and a region: what a stage elsewhere finds is told to the place that retrains.</summary>
    [Theory]
    [InlineData("aws: { region: eu-central-1, bucket: elsewhere, kms_key: \"arn:aws:kms:eu-central-1:111111111111:key/11111111-2222-3333-4444-555555555555\" }", true)]
    [InlineData("aws: { account: \"222222222222\", deploy_role: \"arn:aws:iam::222222222222:role/deploy\", bucket: elsewhere }", true)]
    [InlineData("aws: { region: eu-west-1 }", false)]
    public void Violations_are_forwarded_from_another_account_and_from_another_region(string stage, bool forwarded)
    {
        using var folder = CopyOf("retrain-on-violation");
        File.WriteAllText(folder.File("config.yaml"), File.ReadAllText(folder.File("config.yaml")).Replace("capture: {} }", $"capture: {{}}, {stage} }}", StringComparison.Ordinal)
            + "aws: { account: \"111111111111\", region: eu-west-1, kms_key: \"arn:aws:kms:eu-west-1:111111111111:key/11111111-2222-3333-4444-555555555555\" }\n");

        var result = ModelCompiler.Compile(new CompileRequest(folder.File("config.yaml")));

        var template = JsonNode.Parse(result.Artifacts.Single(t => t.Name == "model-monitor.template.json").Content.Span)!;
        Assert.Equal(forwarded, template["Resources"]!["ForwardRule"] is not null);
    }

    /// <summary>Parameters hold what belongs to an account: a template names those alone that steps and images of the configuration name.</summary>
    [Fact]
    public void Templates_name_no_account()
    {
        Assert.All(Templates(), t => Assert.Empty(Accounts(t.File).Except(Elsewhere(t.Case))));

        static IEnumerable<string> Accounts(string file) => AccountNumber().Matches(File.ReadAllText(file)).Select(m => m.Value).Distinct();
        static IEnumerable<string> Elsewhere(string name) => File.ReadLines(ModelCompilerTests.ConfigOf(Path.Combine(Golden, name))).Where(l => NamedThing().IsMatch(l)).SelectMany(l => AccountNumber().Matches(l)).Select(m => m.Value);
    }

    /// <summary>The witness is cfn-lint's copy of the schemas that CloudFormation publishes for each region.</summary>
    [SkippableFact]
    public void Regions_without_a_type_are_those_that_configurations_are_warned_of()
    {
        Skip.IfNot(Conformance.HasPython("cfnlint"), "cfn-lint is not installed.");
        var types = Templates().SelectMany(t => JsonNode.Parse(File.ReadAllBytes(t.File))!["Resources"]!.AsObject()).Select(r => r.Value!["Type"]!.ToString()).Distinct().Order(StringComparer.Ordinal).ToList();
        using var folder = TestFolder.Temporary();
        folder.Write("list.py", """
            import sys
            from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER as schemas
            regions, types = sys.argv[1].split(","), sys.argv[2].split(",")
            for region in regions:
                known = set(schemas.get_resource_types(region))
                print(region, *(t for t in types if t not in known))
            """);

        var (exitCode, output) = Conformance.RunPython(folder.File("list.py"), string.Join(',', Regions.Names), string.Join(',', types));

        Assert.True(exitCode == 0, output);
        Assert.Equal(output.Trim().ReplaceLineEndings("\n").Split('\n'), Regions.Names.Select(r => string.Join(' ', ResourceTypes.MissingForServing(r).Concat(ResourceTypes.MissingForBuild(r)).Prepend(r))));
    }

    [SkippableFact]
    public void A_retraining_starts_once_in_its_cooldown_and_a_message_that_comes_again_goes_on()
    {
        Skip.IfNot(Conformance.HasPython("moto"), Conformance.Missing);
        using var folder = TestFolder.Temporary();
        var template = JsonNode.Parse(File.ReadAllBytes(Path.Combine(Golden, "retrain-on-schedule", "expected", "model-build.template.json")))!;
        folder.Write("index.py", template["Resources"]!["RetrainFunction"]!["Properties"]!["Code"]!["ZipFile"]!.ToString());
        folder.Write("check.py", """
            import json, os, sys
            os.environ.update(TABLE="t", PIPELINE="p", COOLDOWN="3600", PARALLEL_STEPS="3", DATA_VERSION="s3-data-version", PARAMETERS='[{"Name":"depth","Value":"8"}]', AWS_DEFAULT_REGION="us-east-1", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
            import boto3
            from moto import mock_aws
            sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
            with mock_aws():
                import index
                boto3.client("dynamodb").create_table(TableName="t", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[dict(AttributeName="Pipeline", AttributeType="S")], KeySchema=[dict(AttributeName="Pipeline", KeyType="HASH")])
                sagemaker = boto3.client("sagemaker")
                message = lambda i, body: {"Records": [{"messageId": i, "body": body}]}
                try:
                    index.handler(message("a" * 36, "{}"), None)
                    print("started without a pipeline")
                except Exception as e:
                    print("failed first")
                parameters = [dict(Name="depth", Type="Integer", DefaultValue=4), dict(Name="s3-data-version", Type="String", DefaultValue="unknown")]
                sagemaker.create_pipeline(PipelineName="p", ClientRequestToken="x" * 32, RoleArn="arn:aws:iam::123456789012:role/x", PipelineDefinition=json.dumps({"Version": "2020-12-01", "Parameters": parameters, "Steps": []}))
                index.handler(message("a" * 36, "{}"), None)
                index.handler(message("b" * 36, '{"detail-type": "Object Created"}'), None)
                runs = sagemaker.list_pipeline_executions(PipelineName="p")["PipelineExecutionSummaries"]
                print(len(runs), "started")
                print(sorted((p["Name"], p["Value"]) for p in sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=runs[0]["PipelineExecutionArn"])["PipelineParameters"]))
            """);

        var (exitCode, output) = Conformance.RunPython(folder.File("check.py"));

        Assert.True(exitCode == 0, output);
        Assert.Contains("failed first", output, StringComparison.Ordinal);
        Assert.Contains("\"because\": \"cooldown\", \"reason\": \"Object Created\"", output, StringComparison.Ordinal);
        Assert.Contains("1 started", output, StringComparison.Ordinal);
        Assert.Contains($"[('depth', '8'), ('s3-data-version', 'retraining-{new string('a', 36)}')]", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Records_of_a_stream_are_predicted_in_their_order_and_what_the_model_refuses_is_kept()
    {
        Skip.IfNot(Conformance.HasPython("moto"), Conformance.Missing);
        using var folder = TestFolder.Temporary();
        var template = JsonNode.Parse(File.ReadAllBytes(Path.Combine(Golden, "stream", "expected", "model-deploy.template.json")))!;
        folder.Write("index.py", template["Resources"]!["StreamFunction"]!["Properties"]!["Code"]!["ZipFile"]!.ToString());
        folder.Write("check.py", """
            import base64, http.server, json, os, sys, threading
            asked = []
            class Runtime(http.server.BaseHTTPRequestHandler):
                # Answers as SageMaker Runtime does; a model that is busy is so once.
                def do_POST(self):
                    body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                    asked.append(body)
                    status = 503 if body == "busy" and asked.count("busy") == 1 else 0 if body == "silent" else 400 if body == "bad" or ord(body[0]) in (0, 0xffff) else 200
                    answer = json.dumps({"OriginalStatusCode": status, "OriginalMessage": f"no {body[:9]}", "Message": "m"}) if status != 200 else f"answer to {body}"
                    self.send_response(424 if status != 200 else 200)
                    if status != 200:
                        self.send_header("x-amzn-errortype", "ModelError")
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer.encode())
                def log_message(self, *_): pass
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Runtime)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            arn = "arn:aws:kinesis:us-east-1:123456789012:stream/out"
            os.environ.update(ENDPOINT="e", CONTENT_TYPE="text/csv", ACCEPT="text/csv", DESTINATION=arn, FAILURES=sys.argv[1], AWS_DEFAULT_REGION="us-east-1", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x",
                AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME=f"http://127.0.0.1:{server.server_port}")
            import boto3
            from moto import mock_aws
            sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
            class Context:
                left = 300_000
                def get_remaining_time_in_millis(self): return self.left
            with mock_aws():
                kinesis, sqs = boto3.client("kinesis"), boto3.client("sqs")
                kinesis.create_stream(StreamName="out", ShardCount=1)
                queue = sqs.create_queue(QueueName="failed")["QueueUrl"]
                topic = boto3.client("sns").create_topic(Name="failed")["TopicArn"]
                boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:failed")
                import index
                def event(*bodies):
                    data = lambda b: base64.b64encode(b.encode()).decode()
                    return {"Records": [{"eventSourceARN": "in", "kinesis": {"partitionKey": f"k{i}", "sequenceNumber": str(i), "data": data(b)}} for i, b in enumerate(bodies)]}
                print("ends", index.handler(event("a", "bad", "b", "busy", "c"), Context()))
                print("ends", index.handler(event("busy", "c", "x" * 1_100_000, "silent", "\x00" * 60_000, "\uffff"), Context()))
                short = Context()
                short.left = 1000
                print("ends", index.handler(event(*"0123456789"), short))
                shard = kinesis.list_shards(StreamName="out")["Shards"][0]["ShardId"]
                iterator = kinesis.get_shard_iterator(StreamName="out", ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
                print("predicted", [(r["PartitionKey"], r["Data"].decode()) for r in kinesis.get_records(ShardIterator=iterator)["Records"]][:5])
                for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]:
                    body = json.loads(message["Body"])
                    failure = json.loads(body["Message"]) if "Message" in body else body
                    print("failed", failure["status"], failure["sequenceNumber"], failure.get("record"), failure["error"][:63], "recordBase64" in failure)
            """);

        foreach (var told in new[] { "arn:aws:sqs:us-east-1:123456789012:failed", "arn:aws:sns:us-east-1:123456789012:failed" })
        {
            var (exitCode, output) = Conformance.RunPython(folder.File("check.py"), told);

            Assert.True(exitCode == 0, output);
            var lines = output.Split('\n');
            Assert.Equal(["ends {'batchItemFailures': [{'itemIdentifier': '3'}]}", "ends {'batchItemFailures': []}", "ends {'batchItemFailures': [{'itemIdentifier': '8'}]}"], lines.Where(l => l.StartsWith("ends", StringComparison.Ordinal)));
            Assert.Contains("predicted [('k0', 'answer to a'), ('k2', 'answer to b'), ('k0', 'answer to busy'), ('k1', 'answer to c'), ('k0', 'answer to 0')]", lines);
            Assert.Contains("failed 400 1 bad no bad False", lines);
            Assert.Contains("failed 500 3 silent no silent False", lines);
            Assert.Contains(lines, l => l.StartsWith("failed 400 4 None", StringComparison.Ordinal) && l.EndsWith("True", StringComparison.Ordinal));
            Assert.Contains(lines, l => l.StartsWith("failed 400 5 \uffff", StringComparison.Ordinal));
            Assert.Contains(lines, l => l.StartsWith("failed 413 2 None The answer has 1100010 bytes: a record of a stream may have", StringComparison.Ordinal));
        }
    }

    [GeneratedRegex("(?<![0-9a-z])[0-9]{12}(?=[:.])")]
    private static partial Regex AccountNumber();

    /// <summary>Lines of a configuration that name what is not of the model's own account: images, functions, topics, packages, data.</summary>
    [GeneratedRegex("image:|lambda:|sqs|secretsmanager|deploy_role:")]
    private static partial Regex NamedThing();

    private static IEnumerable<JsonNode> All(JsonNode? node) => node switch
    {
        null => [],
        JsonObject o => o.SelectMany(p => All(p.Value)).Prepend(o),
        JsonArray a => a.SelectMany(All).Prepend(a),
        _ => [node],
    };

    /// <summary>A golden case's repository, to be changed.</summary>
    private static TemporaryFolder CopyOf(string name)
    {
        var folder = TestFolder.Temporary();
        var source = Path.Combine(Golden, name);
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(source, f)).Where(f => !f.StartsWith("expected", StringComparison.Ordinal)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(file))!);
            File.Copy(Path.Combine(source, file), folder.File(file));
        }

        return folder;
    }

    private static IEnumerable<(string Case, string File)> Templates() =>
        Directory.GetFiles(Golden, "*.template.json", SearchOption.AllDirectories).Select(f => (Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(f)!)!), f));

    private static IEnumerable<(string Name, JsonNode Resource)> Roles() =>
        from template in Templates()
        from resource in JsonNode.Parse(File.ReadAllBytes(template.File), documentOptions: new JsonDocumentOptions { MaxDepth = 128 })!["Resources"]!.AsObject()
        where resource.Value!["Type"]!.ToString() == "AWS::IAM::Role"
        select ($"{template.Case}: {resource.Key}", resource.Value!);
}
