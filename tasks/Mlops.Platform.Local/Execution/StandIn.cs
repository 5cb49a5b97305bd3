using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// A command in place of what a laptop has not: a Lambda function, whoever listens to a callback's queue, an EMR cluster, or a service such as
/// Autopilot. It gets what they get, as JSON on its input, and writes the outputs (of a service: what its Describe call tells) as a JSON object.
/// </summary>
internal static class StandIn
{
    /// <summary>Of an answer, in characters: a callback's outputs have 1,024 bytes each on SageMaker, and what a service tells is some kilobytes.</summary>
    private const int MostCharacters = 16 << 20;

    /// <summary>Lambda's own limit. Whoever listens to a queue may ask people, and clusters work for hours.</summary>
    private static readonly TimeSpan LimitOfFunctions = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LimitOfOthers = TimeSpan.FromDays(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>What stands in for a step; null: nothing does.</summary>
    /// <param name="arguments">As far as they are known.</param>
    public static string? Of(PipelineStep step, JsonObject arguments, IReadOnlyDictionary<string, string> standIns) => standIns.GetValueOrDefault(Target(step, arguments));

    /// <summary>Whether nothing but a command can carry out a step of a type.</summary>
    public static bool IsNeeded(string type) => !StepTypes.RunsJob(type) && type is not (StepTypes.Model or StepTypes.RegisterModel or StepTypes.Condition or StepTypes.Fail);

    /// <summary>A step with what it says beside its arguments computed, as far as it is known.</summary>
    public static PipelineStep Known(PipelineStep step, Func<JsonNode?, string?> text) => step with
    {
        Others = new JsonObject(step.Others.Select(o => KeyValuePair.Create(o.Key, o.Key is "FunctionArn" or "SqsQueueUrl" or "ClusterId" && text(o.Value) is { } known ? JsonValue.Create(known) : o.Value?.DeepClone()))),
    };

    /// <summary>The function, the queue, or the cluster; a service, and a cluster that the step makes for itself, go by the step's name. Empty: nothing stands for it.</summary>
    public static string Target(PipelineStep step, JsonObject arguments) => step.Type switch
    {
        StepTypes.Lambda => Json.Text(step.Others["FunctionArn"]),
        StepTypes.Callback => Json.Text(step.Others["SqsQueueUrl"]),
        StepTypes.Emr => Json.Text(step.Others["ClusterId"] ?? arguments["ClusterId"] ?? step.Name),
        _ => IsNeeded(step.Type) ? step.Name : "",
    };

    /// <summary>That of a step that runs: expressions come to what they are.</summary>
    public static string TargetOf(StepContext step) => Target(Known(step.Step, node => step.Evaluate(node) is { } value ? Json.Text(value) : null), step.Arguments);

    public static async Task<StepOutcome> RunAsync(StepContext step, CancellationToken cancellation)
    {
        var words = step.Execution.Programs.StandInOf(TargetOf(step))!;
        var program = Programs.Installed(words[0], step.Step.Name);
        var start = new ProcessStartInfo(program, words.Skip(1)) { WorkingDirectory = step.Execution.Programs.Repository };
        CleanEnvironment.Apply(start.Environment);
        start.Environment[ProcessGroup.ExecutionVariable] = step.ExecutionId;
        using var log = new LogWriter(step.Log);
        using var process = Start(start, step.Step.Name);
        step.OnStart(ProcessIdentity.Of(process));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var most = step.Step.Type == StepTypes.Lambda ? LimitOfFunctions : LimitOfOthers;
        limit.CancelAfter(most);
        var copied = log.CopyErrorsAsync(process);
        var answer = AnswerAsync(process.StandardOutput, limit.Token);
        try
        {
            await process.TellAsync(Message(step).ToJsonString(), limit.Token);
            var exitCode = await process.Exited.WaitAsync(limit.Token);
            process.Kill(); // What it left behind would hold its output open.
            await Task.WhenAny(Task.WhenAll(copied, answer), Task.Delay(Patience, CancellationToken.None));
            if (exitCode == 0 && !answer.IsCompleted)
                return StepOutcome.Failed("its stand-in ended and left a program running that holds its output open. Give that one an output of its own: COMMAND > /dev/null &");
            if (exitCode == 0)
                return await answer is { } text ? Outputs(step, text) : StepOutcome.Failed($"its stand-in answered with more than {MostCharacters >> 20} MiB. What it tells people goes to its error output.");
            step.OnFault(StepFault.Service);
            return StepOutcome.Failed($"its stand-in '{string.Join(' ', words)}' ended with exit code {exitCode}. {log.Tail}".TrimEnd());
        }
        catch (OperationCanceledException)
        {
            await process.StopAsync(Patience);
            cancellation.ThrowIfCancellationRequested();
            return StepOutcome.Failed(string.Create(CultureInfo.InvariantCulture, $"its stand-in ran longer than {most.TotalMinutes} minutes and was ended."));
        }
    }

    private static ChildProcess Start(ProcessStartInfo start, string step)
    {
        try
        {
            return ChildProcess.Start(start);
        }
        catch (Win32Exception e)
        {
            throw LocalErrors.CannotStart(step, start.FileName, e.Message).ToException();
        }
    }

    /// <summary>What the stand-in writes, read to its end whatever it is; null: more than <see cref="MostCharacters"/>.</summary>
    private static async Task<string?> AnswerAsync(StreamReader output, CancellationToken cancellation)
    {
        var (text, block, isTooLong) = (new StringBuilder(), new char[4096], false);
        while (await output.ReadAsync(block, cancellation) is > 0 and var read)
        {
            isTooLong |= text.Length + read > MostCharacters;
            if (!isTooLong)
                text.Append(block, 0, read);
        }

        return isTooLong ? null : text.ToString();
    }

    /// <summary>A function gets the arguments, and a cluster its step; a queue a message with a token, as "Callback step" of the developer guide has it.</summary>
    private static JsonObject Message(StepContext step) => step.Step.Type != StepTypes.Callback ? step.Arguments : new JsonObject
    {
        ["token"] = Digest.Of($"{step.ExecutionId} {step.Step.Name}")[..10],
        ["pipelineExecutionArn"] = LocalArn.Of("pipeline", $"local/execution/{step.ExecutionId}"),
        ["arguments"] = step.Arguments.DeepClone(),
    };

    private static StepOutcome Outputs(StepContext step, string answer)
    {
        JsonObject? given;
        try
        {
            given = answer.Trim().Length == 0 ? [] : JsonNode.Parse(answer) as JsonObject;
        }
        catch (JsonException)
        {
            given = null;
        }

        if (given is null)
            return StepOutcome.Failed("its stand-in wrote something else than one JSON object. What it tells people goes to its error output.");
        if (step.Step.Type is not (StepTypes.Lambda or StepTypes.Callback or StepTypes.Emr))
            return new StepOutcome(given);
        var outputs = new JsonObject();
        foreach (var declared in Json.Objects(step.Step.Others["OutputParameters"]))
        {
            var (name, type) = (Json.Text(declared["OutputName"]), Json.Text(declared["OutputType"]));
            if (given[name] is not { } value)
                return StepOutcome.Failed($"its stand-in did not write the output '{name}'.");
            if (!Fits(value, type))
                return StepOutcome.Failed($"its stand-in wrote {value.ToJsonString()} as '{name}', which is of type {type}.");
            outputs[name] = value.DeepClone();
        }

        // A cluster's step tells what it ran on, too.
        var properties = step.Step.Type == StepTypes.Emr ? (JsonObject)given.DeepClone() : [];
        if (step.Step.Type == StepTypes.Emr && properties["ClusterId"] is null)
            properties["ClusterId"] = Json.Text(step.Evaluate(step.Step.Others["ClusterId"]) ?? step.Arguments["ClusterId"]);
        properties["OutputParameters"] = outputs;
        return new StepOutcome(properties);
    }

    private static bool Fits(JsonNode value, string type) => (type, value.GetValueKind()) switch
    {
        ("Integer", JsonValueKind.Number) => Json.Number(value) is { } number && number == Math.Floor(number),
        ("Float", JsonValueKind.Number) => true,
        ("Boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("String", JsonValueKind.String) => true,
        _ => false,
    };
}
