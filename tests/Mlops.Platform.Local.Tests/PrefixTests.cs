using System.Text.Json.Nodes;

namespace Mlops.Platform.Local.Tests;

/// <summary>S3 has objects below prefixes, and no folders that one job could have to itself.</summary>
public sealed class PrefixTests : StepTestsBase
{
    [SkippableFact]
    public async Task An_output_is_added_to_what_lies_below_its_prefix()
    {
        NeedsPython();
        folder.Write(".mlops/s3/local/shared/raw/old.txt", "old");
        folder.Write(".mlops/s3/local/shared/a.txt", "to be replaced");

        var result = await RunAsync(Pipeline(Step("a", "echo one > $OUT/a.txt", "s3://local/shared"), Step("b", "echo two > $OUT/b.txt", "s3://local/shared", "a")));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal("old", File.ReadAllText(folder.File(".mlops/s3/local/shared/raw/old.txt")));
        Assert.Equal("one\n", File.ReadAllText(folder.File(".mlops/s3/local/shared/a.txt")));
        Assert.Equal("two\n", File.ReadAllText(folder.File(".mlops/s3/local/shared/b.txt")));
    }

    [SkippableFact]
    public async Task Outputs_within_each_other_are_each_sent_whole()
    {
        NeedsPython();
        var step = Step("a", "mkdir -p $OUT/train; echo all > $OUT/all.txt; echo part > $OUT/train/part.txt", "s3://local/all");
        ((JsonArray)step["Arguments"]!["ProcessingOutputConfig"]!["Outputs"]!).Add(Output("part", "/opt/ml/processing/out/train", "s3://local/part//"));

        var result = await RunAsync(Pipeline(step));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal("part\n", File.ReadAllText(folder.File(".mlops/s3/local/part/part.txt")));
        Assert.Equal("part\n", File.ReadAllText(folder.File(".mlops/s3/local/all/train/part.txt")));
        Assert.Equal("all\n", File.ReadAllText(folder.File(".mlops/s3/local/all/all.txt")));
    }

    [SkippableTheory]
    [InlineData("s3://local/data/train", "S3Prefix")]
    [InlineData("s3://local/manifest.json", "ManifestFile")]
    public async Task Inputs_may_be_the_beginning_of_keys_or_a_manifest_and_their_content_counts(string uri, string type)
    {
        NeedsPython();
        folder.Write(".mlops/s3/local/data/train-1.csv", "1\n");
        folder.Write(".mlops/s3/local/data/train-2.csv", "2\n");
        folder.Write(".mlops/s3/local/data/test.csv", "3\n");
        folder.Write(".mlops/s3/local/manifest.json", """[{ "prefix": "s3://local/data/" }, "train-1.csv", "train-2.csv"]""");
        var step = Step("a", "cat $OUT/../in/* > $OUT/all.txt", "s3://local/all");
        step["CacheConfig"] = new JsonObject { ["Enabled"] = true };
        step["Arguments"]!["ProcessingInputs"] = new JsonArray(new JsonObject { ["InputName"] = "in", ["S3Input"] = new JsonObject { ["S3Uri"] = uri, ["S3DataType"] = type, ["LocalPath"] = "/opt/ml/processing/in" } });

        Assert.Equal("Succeeded", (await RunAsync(Pipeline((JsonObject)step.DeepClone()))).Status);
        Assert.Equal("1\n2\n", File.ReadAllText(folder.File(".mlops/s3/local/all/all.txt")));
        folder.Write(".mlops/s3/local/data/train-2.csv", "20\n");
        Assert.Equal("Succeeded", (await RunAsync(Pipeline((JsonObject)step.DeepClone()))).Status);

        Assert.Equal("1\n20\n", File.ReadAllText(folder.File(".mlops/s3/local/all/all.txt")));
    }

    [SkippableFact]
    public async Task What_links_point_to_is_copied_and_stays_where_it_is()
    {
        NeedsPython();
        folder.Write("elsewhere/precious.txt", "kept");
        folder.Write(".mlops/s3/local/shared/old.txt", "old");
        var elsewhere = folder.File("elsewhere");

        var result = await RunAsync(Pipeline(Step("a", $"ln -s {elsewhere} $OUT/cache; ln -s {elsewhere}/precious.txt $OUT/one.txt; ln -s . $OUT/self; ln -s /nowhere $OUT/lost", "s3://local/shared")));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal("kept", File.ReadAllText(Path.Combine(elsewhere, "precious.txt")));
        Assert.Equal("kept", File.ReadAllText(folder.File(".mlops/s3/local/shared/cache/precious.txt")));
        Assert.Null(new FileInfo(folder.File(".mlops/s3/local/shared/one.txt")).LinkTarget);
        Assert.Equal(["cache", "old.txt", "one.txt"], Directory.EnumerateFileSystemEntries(folder.File(".mlops/s3/local/shared")).Select(Path.GetFileName).Order());
    }

    [SkippableFact]
    public async Task What_another_version_of_a_step_wrote_to_its_place_is_no_cached_result()
    {
        NeedsPython();
        var (one, two) = (Cached("echo 1 > $OUT/a.txt"), Cached("echo 2 > $OUT/a.txt"));

        foreach (var (version, expected) in new[] { (one, "1\n"), (two, "2\n"), (one, "1\n"), (one, "1\n") })
        {
            Assert.Equal("Succeeded", (await RunAsync(Pipeline(version))).Status);
            Assert.Equal(expected, File.ReadAllText(folder.File(".mlops/s3/local/place/a.txt")));
        }

        static JsonObject Cached(string script)
        {
            var step = Step("a", script, "s3://local/place");
            step["CacheConfig"] = new JsonObject { ["Enabled"] = true };
            return step;
        }
    }

    [SkippableTheory]
    [InlineData("""{ "ProcessingInputs": [{ "DatasetDefinition": {} }] }""", "DatasetDefinition")]
    [InlineData("""{ "ProcessingInputs": [{ "S3Input": { "S3Uri": "s3://local/x", "S3InputMode": { "Get": "Parameters.mode" } } }] }""", "S3InputMode")]
    public async Task What_this_machine_does_not_do_is_refused(string arguments, string asked)
    {
        NeedsPython();
        folder.Write(".mlops/s3/local/x/a.txt", "1");
        var step = Step("a", "true", "s3://local/all");
        foreach (var (name, value) in JsonNode.Parse(arguments)!.AsObject())
            step["Arguments"]![name] = value!.DeepClone();
        var definition = Pipeline(step) with { Parameters = [new Mlops.Definitions.PipelineParameter("mode", "String", "Pipe", [])] };

        string message;
        try
        {
            message = (await RunAsync(definition)).FailureReason!;
        }
        catch (PlatformException e)
        {
            message = e.Problem.ToString();
        }

        Assert.Contains(asked, message, StringComparison.Ordinal);
    }

    private static JsonObject Step(string name, string script, string output, string? after = null)
    {
        var step = new JsonObject
        {
            ["Name"] = name,
            ["Type"] = "Processing",
            ["Arguments"] = new JsonObject
            {
                ["AppSpecification"] = new JsonObject { ["ImageUri"] = "any", ["ContainerEntrypoint"] = new JsonArray("/bin/sh", "-c", script) },
                ["Environment"] = new JsonObject { ["OUT"] = "/opt/ml/processing/out" },
                ["ProcessingOutputConfig"] = new JsonObject { ["Outputs"] = new JsonArray(Output("out", "/opt/ml/processing/out", output)) },
            },
        };
        if (after is not null)
            step["DependsOn"] = new JsonArray(after);
        return step;
    }

    private static JsonObject Output(string name, string path, string uri) => new() { ["OutputName"] = name, ["S3Output"] = new JsonObject { ["S3Uri"] = uri, ["LocalPath"] = path, ["S3UploadMode"] = "EndOfJob" } };
}
