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
