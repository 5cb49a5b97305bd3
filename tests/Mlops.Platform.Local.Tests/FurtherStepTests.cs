using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform.Local.Tests;

/// <summary>Transforms, tuning and jobs of several hosts, with real programs; scripts for inference are served by their functions.</summary>
public sealed class FurtherStepTests : StepTestsBase
{
    [SkippableFact]
    public async Task A_transform_sends_records_to_the_functions_of_a_script_and_joins_the_answers()
    {
        NeedsPython();
        Code("inference.py", """
            import os
            def model_fn(model_dir):
                return float(open(os.path.join(model_dir, "model.txt")).read())
            def predict_fn(data, model):
                return [[row[0] * model] for row in data]
            """);
        folder.Write(".mlops/s3/local/rows/a.csv", "id-1,2,x\nid-2,3,\"y,z\"\n");
        folder.Write(".mlops/s3/local/rows/b.csv", "id-3,4,x\n");
        var pipeline = Pipeline(Training("echo 10 > $SAGEMAKER_BASE_DIR/model/model.txt"), Model(), Transform(new JsonObject { ["InputFilter"] = "$[1:2]", ["JoinSource"] = "Input", ["OutputFilter"] = "$[0,-1]" }));

        var result = await RunAsync(pipeline);

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        var output = Assert.Single(Directory.GetDirectories(folder.File(".mlops/s3/local/runs"), "predictions", SearchOption.AllDirectories));
        Assert.Equal("id-1,20.0\nid-2,30.0\n", File.ReadAllText(Path.Combine(output, "a.csv.out")));
        Assert.Equal("id-3,40.0\n", File.ReadAllText(Path.Combine(output, "b.csv.out")));

        events.Clear();
        Assert.Equal("Succeeded", (await RunAsync(pipeline)).Status);
        Assert.Equal(["train", "score"], events.All.OfType<StepChanged>().Where(s => s.Cached).Select(s => s.Step));
    }

    /// <summary>As "Associate Prediction Results with Input Records" and "CreateTransformJob" have it.</summary>
    [SkippableTheory]
    [InlineData("application/jsonlines", "[1,2]\n[3,4]\n", true, "Line", "{\"SageMakerInput\":[1,2],\"SageMakerOutput\":5}\n{\"SageMakerInput\":[3,4],\"SageMakerOutput\":5}\n")]
    [InlineData("text/csv", "1\n2\n", false, "Line", "5\n5\n")]
    [InlineData("text/csv", "1\n2\n", false, null, "55")]
    public async Task Answers_are_joined_and_assembled_as_SageMaker_does(string type, string rows, bool joins, string? assembled, string expected)
    {
        NeedsPython();
        Code("inference.py", """
            def model_fn(model_dir):
                return None
            def input_fn(body, content_type):
                return body
            def predict_fn(data, model):
                return "5"
            def output_fn(answer, accept):
                return answer, accept
            """);
        folder.Write(".mlops/s3/local/rows/a.txt", rows);
        var transform = Transform(joins ? new JsonObject { ["JoinSource"] = "Input" } : null);
        transform["Arguments"]!["BatchStrategy"] = "SingleRecord";
        (transform["Arguments"]!["TransformInput"]!["ContentType"], transform["Arguments"]!["TransformOutput"]!["Accept"]) = (type, type);
        if (assembled is null)
            transform["Arguments"]!["TransformOutput"]!.AsObject().Remove("AssembleWith");

        var result = await RunAsync(Pipeline(Training("echo 10 > $SAGEMAKER_BASE_DIR/model/model.txt"), Model(), transform));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal(expected, File.ReadAllText(Directory.GetFiles(folder.File(".mlops/s3/local/runs"), "a.txt.out", SearchOption.AllDirectories).Single()));
    }

    [SkippableFact]
    public async Task A_record_that_is_larger_than_a_request_may_be_fails_the_transform()
    {
        NeedsPython();
        Code("inference.py", "def model_fn(model_dir):\n    return None\ndef predict_fn(data, model):\n    return data\n");
        folder.Write(".mlops/s3/local/rows/a.csv", $"1,{new string('9', 1_200_000)}\n");
        var transform = Transform(null);
        transform["Arguments"]!["MaxPayloadInMB"] = 1;

        var result = await RunAsync(Pipeline(Training("echo 10 > $SAGEMAKER_BASE_DIR/model/model.txt"), Model(), transform));

        Assert.Contains("raise MaxPayloadInMB", result.FailureReason, StringComparison.Ordinal);
    }

    /// <summary>The witness for the format is NumPy itself, which wrote the bytes below.</summary>
    [SkippableFact]
    public async Task An_R_script_gets_and_gives_arrays_of_NumPy()
    {
        Skip.If(Conformance.Run("Rscript", "-e", "library(httpuv)").ExitCode != 0, "No R with httpuv is installed.");
        Code("inference.R", "model_fn <- function(folder) 10\npredict_fn <- function(data, model) data[, 1:2] * model\n");
        // numpy.array([[1, 2, 3], [4, 5, 6]], dtype='<i2')
        folder.Write(".mlops/s3/local/rows/a.npy", "");
        File.WriteAllBytes(folder.File(".mlops/s3/local/rows/a.npy"), [.. Array("<i2", "False", "2, 3"), 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]);
        var (model, transform) = (Model(), Transform(null));
        model["Arguments"]!["PrimaryContainer"]!["Environment"]!["SAGEMAKER_PROGRAM"] = "inference.R";
        (transform["Arguments"]!["TransformInput"]!["ContentType"], transform["Arguments"]!["TransformInput"]!["SplitType"]) = ("application/x-npy", "None");
        (transform["Arguments"]!["TransformOutput"]!["Accept"], transform["Arguments"]!["TransformOutput"]!["AssembleWith"]) = ("application/x-npy", "None");

        var result = await RunAsync(Pipeline(Training("true"), model, transform));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        var output = Assert.Single(Directory.GetFiles(folder.File(".mlops/s3/local/runs"), "a.npy.out", SearchOption.AllDirectories));
        byte[] expected = [.. Array("<f8", "True", "2, 2"), .. new[] { 10.0, 40.0, 20.0, 50.0 }.SelectMany(BitConverter.GetBytes)];
        Assert.Equal(expected, File.ReadAllBytes(output));

        static byte[] Array(string type, string byColumns, string shape)
        {
            var header = $"{{'descr': '{type}', 'fortran_order': {byColumns}, 'shape': ({shape}), }}".PadRight(117) + "\n";
            return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. System.Text.Encoding.ASCII.GetBytes(header)];
        }
    }

    [SkippableFact]
    public async Task A_transform_asks_a_registered_version_by_its_name()
    {
        NeedsPython();
        Code("inference.py", "def model_fn(model_dir):\n    return 10\ndef predict_fn(data, model):\n    return [[row[0] * model] for row in data]\n");
        folder.Write(".mlops/s3/local/rows/a.csv", "2\n3\n");
        var container = Model()["Arguments"]!["PrimaryContainer"]!.DeepClone();
        var register = new JsonObject { ["Name"] = "register", ["Type"] = "RegisterModel", ["Arguments"] = new JsonObject { ["ModelPackageGroupName"] = "models", ["InferenceSpecification"] = new JsonObject { ["Containers"] = new JsonArray(container) } } };
        var model = Model();
        model["Arguments"]!["PrimaryContainer"] = new JsonObject { ["ModelPackageName"] = Expression.Reference("Steps.register.ModelPackageArn") };

        var result = await RunAsync(Pipeline(Training("true"), register, model, Transform(null)));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        var output = Assert.Single(Directory.GetDirectories(folder.File(".mlops/s3/local/runs"), "predictions", SearchOption.AllDirectories));
        Assert.Equal("20.0\n30.0\n", File.ReadAllText(Path.Combine(output, "a.csv.out")));

        model["Arguments"]!["PrimaryContainer"] = new JsonObject { ["ModelPackageName"] = "arn:aws:sagemaker:eu-west-1:111111111111:model-package/models/7" };
        result = await RunAsync(Pipeline((JsonObject)model.DeepClone()));
        Assert.Contains("the registered version 'arn:aws:sagemaker:eu-west-1:111111111111:model-package/models/7'", result.FailureReason, StringComparison.Ordinal);
    }

    /// <summary>The request is the one that NotebookJobStep of SageMaker's Python SDK writes.</summary>
    [SkippableFact]
    public async Task A_notebook_job_of_SageMaker_s_SDK_is_executed_and_kept()
    {
        NeedsShell();
        Skip.If(Conformance.Run(SystemPython, "-c", "import nbclient, ipykernel").ExitCode != 0, "The system's Python has no nbclient and ipykernel.");
        folder.Write(".mlops/s3/local/nb/input/report.ipynb", """
            {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}, "cells": [
              {"id": "a", "cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "rows = 1", "outputs": [], "execution_count": null},
              {"id": "b", "cell_type": "code", "metadata": {}, "source": "import os\nprint('score=%s of %s' % (rows * 2, open('beside.txt').read() + os.environ['SET']))", "outputs": [], "execution_count": null}]}
            """);
        folder.Write(".mlops/s3/local/nb/input/beside.txt", "them ");
        folder.Write(".mlops/s3/local/nb/input/init.sh", "export SET=here\n");
        var step = JsonNode.Parse("""
            {"Name": "report", "Type": "Training", "Arguments": {
              "RetryStrategy": {"MaximumRetryAttempts": 1}, "StoppingCondition": {"MaxRuntimeInSeconds": 172800}, "EnableInterContainerTrafficEncryption": true,
              "AlgorithmSpecification": {"TrainingImage": "any", "TrainingInputMode": "File", "ContainerEntrypoint": ["amazon_sagemaker_scheduler"], "MetricDefinitions": [{"Name": "score", "Regex": "score=([0-9]+)"}]},
              "InputDataConfig": [{"ChannelName": "sagemaker_headless_execution_pipelinestep", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://local/nb/input", "S3DataDistributionType": "FullyReplicated"}}}],
              "OutputDataConfig": {"S3OutputPath": {"Std:Join": {"On": "/", "Values": ["s3://local/nb", {"Get": "Execution.PipelineExecutionId"}, "report"]}}},
              "ResourceConfig": {"VolumeSizeInGB": 30, "InstanceCount": 1, "InstanceType": "ml.m5.large"}, "Tags": [{"Key": "sagemaker:notebook-job-origin", "Value": "PIPELINE_STEP"}],
              "Environment": {"AWS_DEFAULT_REGION": "us-west-2", "SM_JOB_DEF_VERSION": "1.0", "SM_ENV_NAME": "sagemaker-default-env", "SM_SKIP_EFS_SIMULATION": "true",
                "SM_EXECUTION_INPUT_PATH": "/opt/ml/input/data/sagemaker_headless_execution_pipelinestep", "SM_KERNEL_NAME": "python3", "SM_INPUT_NOTEBOOK_NAME": "report.ipynb",
                "SM_OUTPUT_NOTEBOOK_NAME": "report-job.ipynb", "SM_INIT_SCRIPT": "init.sh"},
              "HyperParameters": {"rows": "21"}}}
            """)!;
        var workspace = Workspace(Pipeline(step));
        workspace = workspace with { Deployment = workspace.Deployment with { Local = new LocalSettings { Interpreters = new Dictionary<string, string> { ["python3"] = SystemPython } } } };

        var result = await RunAsync(workspace);

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal(42, events.All.OfType<MetricMeasured>().Last(m => m.Metric == "score").Value);
        var archive = Assert.Single(Directory.GetFiles(folder.File(".mlops/s3/local/nb"), "output.tar.gz", SearchOption.AllDirectories));
        using var unpacked = TestFolder.Temporary();
        Archives.Unpack(archive, unpacked.Path);
        Assert.Contains("score=42 of them here", File.ReadAllText(unpacked.File("report-job.ipynb")), StringComparison.Ordinal);
    }

    private const string SystemPython = "/usr/bin/python3";

    [SkippableFact]
    public async Task Old_runs_go_where_there_are_more_than_are_kept()
    {
        NeedsShell();
        var training = Training("true");
        training.Remove("CacheConfig");
        var workspace = Workspace(Pipeline(training));
        workspace = workspace with { Deployment = workspace.Deployment with { Local = new LocalSettings { KeepRuns = 2 } } };

        var runs = new List<string>();
        for (var i = 0; i < 4; i++)
            runs.Add((await RunAsync(workspace)).ExecutionId);

        Assert.Equal(runs.TakeLast(2).Order(StringComparer.Ordinal), Directory.GetDirectories(folder.File(".mlops/runs")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        await using var platform = Open();
        Assert.Equal(4, platform.Registry.Executions.Newest(10).Count);
    }

    [SkippableFact]
    public async Task That_the_network_is_not_taken_from_a_job_is_said_once()
    {
        NeedsShell();
        var (isolated, open) = (Training("true"), Training("true"));
        (isolated["Arguments"]!["EnableNetworkIsolation"], isolated["Name"]) = (true, "alone");

        await RunAsync(Pipeline(isolated, open));

        Assert.StartsWith("'alone' is to run without network", Assert.Single(events.All.OfType<Problem>(), p => p.Code == "MLOPS6047").Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_transform_fails_with_what_the_script_said()
    {
        NeedsPython();
        Code("inference.py", "def model_fn(model_dir):\n    return None\ndef predict_fn(data, model):\n    raise ValueError('no such column')\n");
        folder.Write(".mlops/s3/local/rows/a.csv", "1,2\n");

        var result = await RunAsync(Pipeline(Training("true"), Model(), Transform(null)));

        Assert.Equal(("Failed", "score"), (result.Status, result.FailedStep));
        Assert.Contains("a.csv: the model answered 500: ValueError: no such column", result.FailureReason, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_best_of_a_tuning_goes_on_and_is_found_again()
    {
        NeedsShell();
        var pipeline = Pipeline(Tuning("Grid", new JsonObject { ["CategoricalParameterRanges"] = new JsonArray(new JsonObject { ["Name"] = "depth", ["Values"] = new JsonArray("1", "5", "3") }) }), Register());

        var result = await RunAsync(pipeline);

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal(["1", "3", "5"], Directory.GetFiles(folder.File(".mlops/s3/local/tuned"), "model.tar.gz", SearchOption.AllDirectories).Select(Unpacked).Order());
        Assert.Equal("5", Unpacked(new LocalObjectStorePath(folder).Of((await Open().Models.FindAsync("models", 1, default))!.ModelDataUrl)));
        Assert.False((await RunAsync(pipeline)).Ran);
    }

    [SkippableFact]
    public async Task A_training_that_falls_behind_the_others_is_stopped_early()
    {
        NeedsShell();
        // Four good ones in the grid's order, and two that would take a minute each.
        var tuning = Tuning("Grid", new JsonObject { ["CategoricalParameterRanges"] = new JsonArray(new JsonObject { ["Name"] = "depth", ["Values"] = new JsonArray("6", "7", "8", "9", "1", "2") }) },
            "echo \"score=$SM_HP_DEPTH\"; [ $SM_HP_DEPTH -lt 5 ] && sleep 60; echo \"score=$SM_HP_DEPTH.5\"; printf %s $SM_HP_DEPTH > $SAGEMAKER_BASE_DIR/model/model.txt");
        tuning["Arguments"]!["HyperParameterTuningJobConfig"]!["TrainingJobEarlyStoppingType"] = "Auto";
        tuning["Arguments"]!["HyperParameterTuningJobConfig"]!["ResourceLimits"]!["MaxNumberOfTrainingJobs"] = 6;
        var clock = System.Diagnostics.Stopwatch.StartNew();

        var result = await RunAsync(Pipeline(tuning));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(40), "The two slow ones were waited for.");
        Assert.Equal(2, events.All.OfType<Notice>().Count(n => n.Text.Contains("stopped early at score = ", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task A_training_that_cannot_be_carried_out_is_one_that_failed_and_the_others_go_on()
    {
        NeedsShell();
        // The last one leaves a file where a folder of its outputs was.
        var tuning = Tuning("Grid", new JsonObject { ["CategoricalParameterRanges"] = new JsonArray(new JsonObject { ["Name"] = "depth", ["Values"] = new JsonArray("1", "5", "3") }) },
            "echo \"score=$SM_HP_DEPTH\"; printf %s $SM_HP_DEPTH > $SAGEMAKER_BASE_DIR/model/model.txt; [ $SM_HP_DEPTH = 3 ] && rmdir $SAGEMAKER_BASE_DIR/output/data && touch $SAGEMAKER_BASE_DIR/output/data; true");

        var result = await RunAsync(Pipeline(tuning, Register()));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Single(events.All.OfType<Notice>(), n => n.Text.Contains("train-003: ", StringComparison.Ordinal));
        Assert.Equal("5", Unpacked(new LocalObjectStorePath(folder).Of((await Open().Models.FindAsync("models", 1, default))!.ModelDataUrl)));
    }

    [SkippableFact]
    public async Task A_tuning_of_which_nothing_comes_says_why()
    {
        NeedsShell();
        var result = await RunAsync(Pipeline(Tuning("Random", new JsonObject { ["IntegerParameterRanges"] = new JsonArray(new JsonObject { ["Name"] = "depth", ["MinValue"] = "1", ["MaxValue"] = "9" }) }, "echo nothing"), Register()));

        Assert.Equal("Failed", result.Status);
        Assert.StartsWith("none of 4 trainings came to a value of 'score'.", result.FailureReason, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("""{"TargetObjectiveMetricValue": 5}""", "", 2, "5")]
    [InlineData("""{"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 2}}""", "", 4, "5")]
    [InlineData("{}", "[ $SM_HP_DEPTH -ge 5 ] && sleep 60; ", 2, "1")]
    public async Task A_tuning_is_over_when_its_limits_say_so(string criteria, string before, int trainings, string best)
    {
        NeedsShell();
        var tuning = Tuning("Grid", new JsonObject { ["CategoricalParameterRanges"] = new JsonArray(new JsonObject { ["Name"] = "depth", ["Values"] = new JsonArray("1", "5", "3", "4", "9") }) },
            before + "echo \"score=$SM_HP_DEPTH\"; printf %s $SM_HP_DEPTH > $SAGEMAKER_BASE_DIR/model/model.txt");
        var config = tuning["Arguments"]!["HyperParameterTuningJobConfig"]!;
        config["TuningJobCompletionCriteria"] = JsonNode.Parse(criteria);
        config["ResourceLimits"] = new JsonObject { ["MaxNumberOfTrainingJobs"] = 5, ["MaxParallelTrainingJobs"] = 1, ["MaxRuntimeInSeconds"] = before.Length > 0 ? 3 : 600 };

        var result = await RunAsync(Pipeline(tuning, Register()));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Contains(events.All.OfType<Notice>(), n => n.Text.EndsWith($"; {trainings} trainings of at most 5 were started", StringComparison.Ordinal));
        Assert.Equal(best, Unpacked(new LocalObjectStorePath(folder).Of((await Open().Models.FindAsync("models", 1, default))!.ModelDataUrl)));
    }

    [SkippableFact]
    public async Task A_job_of_several_hosts_is_as_many_processes_with_their_parts_of_the_data()
    {
        NeedsShell();
        foreach (var name in new[] { "a", "b", "c", "d", "e" })
            folder.Write($".mlops/s3/local/rows/{name}.txt", name);
        var step = Training("""
            base=$SAGEMAKER_BASE_DIR
            grep -q "\"current_host\": *\"$SM_CURRENT_HOST\"" $base/input/config/resourceconfig.json || exit 9
            echo "$SM_CURRENT_HOST of $SM_HOSTS" > $base/model/$SM_CURRENT_HOST.txt
            cat $base/input/data/rows/* >> $base/model/$SM_CURRENT_HOST.txt
            cat $base/input/data/all/* | wc -c >> $base/model/$SM_CURRENT_HOST.txt
            """);
        step["Arguments"]!["ResourceConfig"] = new JsonObject { ["InstanceCount"] = 2 };
        step["Arguments"]!["InputDataConfig"] = new JsonArray(Channel("rows", "ShardedByS3Key"), Channel("all", "FullyReplicated"));

        var result = await RunAsync(Pipeline(step));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        using var model = TestFolder.Temporary();
        Archives.Unpack(Directory.GetFiles(folder.File(".mlops/s3/local/tuned"), "model.tar.gz", SearchOption.AllDirectories).Single(), model.Path);
        Assert.Equal("algo-1 of [\"algo-1\",\"algo-2\"]\nace5\n", File.ReadAllText(model.File("algo-1.txt")).Replace(" 5", "5", StringComparison.Ordinal));
        Assert.Equal("algo-2 of [\"algo-1\",\"algo-2\"]\nbd5\n", File.ReadAllText(model.File("algo-2.txt")).Replace(" 5", "5", StringComparison.Ordinal));

        static JsonObject Channel(string name, string distribution) => new()
        {
            ["ChannelName"] = name,
            ["DataSource"] = new JsonObject { ["S3DataSource"] = new JsonObject { ["S3Uri"] = "s3://local/rows", ["S3DataDistributionType"] = distribution } },
        };
    }

    [SkippableFact]
    public async Task Where_one_host_fails_the_others_end_and_it_is_named()
    {
        NeedsShell();
        var step = Training("[ $SM_CURRENT_HOST = algo-2 ] && { echo gone; exit 3; }; sleep 60");
        step["Arguments"]!["ResourceConfig"] = new JsonObject { ["InstanceCount"] = 3 };
        var clock = System.Diagnostics.Stopwatch.StartNew();

        var result = await RunAsync(Pipeline(step));

        Assert.Equal("Failed", result.Status);
        Assert.Contains("algo-2: exit code 3", result.FailureReason, StringComparison.Ordinal);
        Assert.Contains("gone", result.FailureReason, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "The others were waited for.");
    }
}
