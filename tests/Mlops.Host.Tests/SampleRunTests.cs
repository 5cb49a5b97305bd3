using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Mlops.Host.Tests;

/// <summary>The definitions of the SageMaker Python SDK's own examples, carried out to their end with one command that stands for all that a laptop has not.</summary>
public sealed partial class SampleRunTests : IDisposable
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    public static TheoryData<string> Samples => DefinitionRunTests.Samples;

    [SkippableTheory]
    [MemberData(nameof(Samples))]
    public async Task A_sample_ends_well_with_stand_ins(string sample)
    {
        Skip.If(Conformance.Folder is null, Conformance.Missing);
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        // What only an account can fill in: a version that a pipeline before it has registered.
        await RegisterAsync();
        var text = (await File.ReadAllTextAsync(sample)).Replace("example-model-package-arn", "arn:aws:sagemaker:us-east-1:111122223333:model-package/example/1", StringComparison.Ordinal)
            // This one looks for the best model elsewhere than its trainings write it.
            .Replace("\"s3://sm-bucket-x/out\"", "\"s3://sm-bucket-x\"", StringComparison.Ordinal);
        var file = folder.Write(Path.GetFileName(sample), text);
        var definition = JsonNode.Parse(text)!;
        folder.Write("facts.json", Facts(definition).ToJsonString());
        folder.Write("any.py", await File.ReadAllTextAsync(Path.Combine(TestFolder.Of<SampleRunTests>(), "any.py")));
        var standIns = Targets(definition).Append("any:1").Distinct().SelectMany(t => new[] { "--stand-in", $"{t}=python3 any.py" }).ToArray();

        var (_, shown) = await MlopsProgram.RunAsync(folder.Path, ["run", file, "--check", .. standIns]);
        var sources = Source().Matches(shown).Select(m => m.Groups[1].Value).Append("s3://their/given").Append("s3://their/model.tar.gz").Distinct()
            .SelectMany(u => new[] { "--source", $"{u}=given{(Path.HasExtension(u) && !u.EndsWith(".tar.gz", StringComparison.Ordinal) ? "/rows.csv" : "")}" });
        var (exitCode, output) = await MlopsProgram.RunAsync(folder.Path, ["run", file, "--yes", .. standIns, .. sources]);

        // A fail step ends a run as it is meant to.
        var failed = Failed().Match(output);
        Assert.True(exitCode == 0 || (failed.Success && Steps(definition).Any(s => s["Type"]!.ToString() == "Fail" && s["Name"]!.ToString() == failed.Groups[1].Value)), output);
    }

    public void Dispose() => folder.Dispose();

    private async Task RegisterAsync()
    {
        folder.Write("given/rows.csv", "1,2\n3,4\n");
        folder.Write("register.json", """
            {
              "Version": "2020-12-01",
              "Steps": [{
                "Name": "Register", "Type": "RegisterModel",
                "Arguments": { "ModelPackageGroupName": "example", "InferenceSpecification": { "Containers": [{ "Image": "any:1", "ModelDataUrl": "s3://their/model.tar.gz" }] } }
              }]
            }
            """);
        await MlopsProgram.SucceedAsync(folder.Path, "run", "register.json", "--yes", "--source", "s3://their/model.tar.gz=given");
    }

    private static IEnumerable<JsonObject> Steps(JsonNode definition) =>
        Nodes(definition).OfType<JsonObject>().Where(s => s["Name"] is not null && s["Type"] is not null && s["Arguments"] is not null);

    /// <summary>Images, functions, queues, clusters and services.</summary>
    private static IEnumerable<string> Targets(JsonNode definition)
    {
        foreach (var step in Nodes(definition).OfType<JsonObject>())
        {
            if (step["Type"]?.ToString() is "AutoML")
                yield return step["Name"]!.ToString();
            foreach (var named in new[] { "ImageUri", "TrainingImage", "Image", "FunctionArn", "SqsQueueUrl", "ClusterId" })
            {
                if (step[named] is JsonValue target)
                    yield return target.ToString();
                else if (step[named]?["Get"]?.ToString() is { } reference && Parameter(definition, reference) is { } value)
                    yield return value;
            }
        }
    }

    private static string? Parameter(JsonNode definition, string reference) =>
        definition["Parameters"]!.AsArray().FirstOrDefault(p => $"Parameters.{p!["Name"]}" == reference)?["DefaultValue"]?.ToString();

    /// <summary>What any.py answers: reports that have what conditions look at, outputs of functions, what services tell.</summary>
    private static JsonObject Facts(JsonNode definition)
    {
        var files = new JsonObject();
        var steps = Steps(definition).ToList();
        foreach (var read in Nodes(definition).OfType<JsonObject>().Select(o => o["Std:JsonGet"]).OfType<JsonObject>())
        {
            if (read["PropertyFile"]?["Get"]?.ToString().Split('.') is not [_, var step, _, var name])
                continue;
            var file = steps.First(s => s["Name"]!.ToString() == step)["PropertyFiles"]!.AsArray().First(f => f!["PropertyFileName"]!.ToString() == name)!;
            var path = file["FilePath"]!.ToString();
            Put((JsonObject)(files[path] ??= new JsonObject()), read["Path"]!.ToString(), 0.5);
        }

        var outputs = new JsonObject();
        foreach (var output in Nodes(definition).OfType<JsonObject>().Where(o => o["OutputName"] is not null && o["OutputType"] is not null))
        {
            outputs[output["OutputName"]!.ToString()] = output["OutputType"]!.ToString() switch
            {
                "Integer" => 1,
                "Float" => 0.5,
                "Boolean" => true,
                _ => JsonValue.Create("s3://their/given"),
            };
        }

        foreach (var service in steps.Where(s => s["Type"]!.ToString() == "AutoML").Select(s => $"Steps.{s["Name"]}."))
        {
            foreach (var path in Nodes(definition).OfType<JsonObject>().Select(o => o["Get"]?.ToString()).OfType<string>().Where(p => p.StartsWith(service, StringComparison.Ordinal)))
                Put(outputs, path[service.Length..], path.EndsWith(".Image", StringComparison.Ordinal) ? "any:1" : path.EndsWith("Url", StringComparison.Ordinal) ? "s3://their/model.tar.gz" : path.Contains("SUBMIT_DIRECTORY", StringComparison.Ordinal) ? "/opt/ml/model/code" : "s3://their/given");
        }

        return new JsonObject { ["files"] = files, ["outputs"] = outputs };
    }

    private static void Put(JsonObject root, string path, JsonNode value)
    {
        var names = path.Replace("['", ".", StringComparison.Ordinal).Replace("']", "", StringComparison.Ordinal).Split('.');
        foreach (var name in names[..^1])
        {
            if (name.EndsWith("[0]", StringComparison.Ordinal))
                root = (JsonObject)((JsonArray)(root[name[..^3]] ??= new JsonArray(new JsonObject())))[0]!;
            else
                root = (JsonObject)(root[name] ??= new JsonObject());
        }

        root[names[^1]] ??= value;
    }

    private static IEnumerable<JsonNode> Nodes(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(m => Nodes(m.Value)).Prepend(o),
        JsonArray a => a.SelectMany(Nodes).Prepend(a),
        null => [],
        _ => [node],
    };

    [GeneratedRegex(@"The step '([^']+)' failed")]
    private static partial Regex Failed();

    [GeneratedRegex(@"Give it: --source (\S+)=PATH")]
    private static partial Regex Source();
}
