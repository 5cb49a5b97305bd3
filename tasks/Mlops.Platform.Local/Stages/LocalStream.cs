using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Local.Stages;

/// <param name="Predicted">Records with an answer.</param>
/// <param name="Failed">Records that the model refused.</param>
public sealed record StreamProgress(long Predicted, long Failed)
{
    /// <summary>Files whose last line has no end yet: it may still be being written, and is no record until it has.</summary>
    public IReadOnlyList<string> Unfinished { get; init; } = [];
}

/// <summary>
/// Records through a stage's endpoint, a line each: a stream is a folder of JSON lines, ROOT/streams/NAME. Predictions come in the order of
/// the records. How far a file was read is kept after its predictions are: what was broken off is predicted again, never left out.
/// </summary>
public sealed class LocalStream
{
    private const int AtOnce = 8;
    private const int BadGateway = 502;
    private const string Records = "records.jsonl";

    private static readonly TimeSpan MostPatience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly LocalRoot root;
    private readonly IStages stages;
    private readonly Stage stage;
    private readonly StageStream stream;

    internal LocalStream(LocalRoot root, IStages stages, Stage stage)
    {
        (this.root, this.stages, this.stage) = (root, stages, stage);
        stream = stage.Stream ?? throw LocalErrors.NoStream(stage.Name).ToException();
    }

    /// <summary>The folder whose files are read.</summary>
    public string Source => root.Stream(stream.Source);

    /// <summary>The file that takes the predictions.</summary>
    public string Destination => Path.Combine(root.Stream(stream.Destination), Records);

    /// <summary>The file that takes the records which the model refused.</summary>
    public string Failures => Path.Combine(root.Stream(stream.Failures ?? $"{stage.EndpointName}-failed"), Records);

    private string Offsets => Path.Combine(root.Stream(stream.Source), $".read-by-{stage.EndpointName}.json");

    /// <summary>Predicts all records of a reader, to its end.</summary>
    public async Task<StreamProgress> PredictAsync(TextReader records, TextWriter predictions, CancellationToken cancellation)
    {
        var (predicted, failed) = (0L, 0L);
        var batch = new List<string>();
        string? line;
        do
        {
            // A terminal and a pipe do not end a read that is under way.
            line = await records.ReadLineAsync(cancellation).AsTask().WaitAsync(cancellation);
            if (!string.IsNullOrWhiteSpace(line))
                batch.Add(line);
            if (batch.Count < stream.BatchSize && line is not null)
                continue;
            var progress = await PredictAsync(batch, predictions, cancellation);
            (predicted, failed) = (predicted + progress.Predicted, failed + progress.Failed);
            batch.Clear();
        }
        while (line is not null);
        return new StreamProgress(predicted, failed);
    }

    /// <summary>Notes where the first reading begins, as a stream of AWS does with its deploy: what comes from now on is predicted.</summary>
    public void Begin()
    {
        Directory.CreateDirectory(Source);
        _ = ReadOffsets();
    }

    /// <summary>Predicts what lies in the stream's folder, and then what comes, until it is stopped.</summary>
    /// <param name="once">Ends when all whole lines that lie there are predicted.</param>
    public async Task<StreamProgress> FollowAsync(bool once, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Source);
        await using var held = DeployLock.TryOpen(Offsets + ".lock") ?? throw LocalErrors.StreamBusy(stage.Name).ToException();
        var offsets = ReadOffsets();
        var (predicted, failed) = (0L, 0L);
        var unfinished = new List<string>();
        var waiting = new Dictionary<string, long>(StringComparer.Ordinal);
        while (true)
        {
            var full = false;
            unfinished.Clear();
            foreach (var file in Directory.EnumerateFiles(Source, "*.jsonl").Order(StringComparer.Ordinal))
            {
                var name = Path.GetFileName(file);
                var (batch, end) = await NextAsync(file, (long?)offsets[name] ?? 0, cancellation);
                if (batch.Count == 0)
                {
                    if (once && new FileInfo(file).Length > end)
                        unfinished.Add(name);
                    continue;
                }

                // The window of a file begins with its first record that nobody has read.
                waiting.TryAdd(name, Stopwatch.GetTimestamp());
                if (batch.Count < stream.BatchSize && !once && Stopwatch.GetElapsedTime(waiting[name]).TotalSeconds < stream.BatchWindowSeconds)
                    continue;
                waiting.Remove(name);
                await using var predictions = new StringWriter { NewLine = "\n" };
                var progress = await PredictAsync(batch, predictions, cancellation);
                (predicted, failed) = (predicted + progress.Predicted, failed + progress.Failed);
                await SharedLog.AppendAsync(Destination, predictions.ToString(), cancellation);
                offsets[name] = end;
                AtomicFile.Write(Offsets, Json.Write(offsets));
                full |= batch.Count == stream.BatchSize;
                if (once && batch.Count < stream.BatchSize && new FileInfo(file).Length > end)
                    unfinished.Add(name);
            }

            if (full)
                continue;
            if (once)
                return new StreamProgress(predicted, failed) { Unfinished = unfinished };
            await Task.Delay(Pause, cancellation);
        }
    }

    private async Task<StreamProgress> PredictAsync(IReadOnlyList<string> records, TextWriter predictions, CancellationToken cancellation)
    {
        var failed = 0L;
        foreach (var some in records.Chunk(AtOnce))
        {
            var answers = await Task.WhenAll(some.Select(r => AskAsync(r, cancellation)));
            foreach (var (record, first) in some.Zip(answers))
            {
                // The model's process ended while it had several: by itself, a record shows whether it was the one.
                var answer = first.Status == BadGateway ? await AskAsync(record, cancellation) : first;
                if (answer.Status is >= 200 and < 300)
                {
                    await predictions.WriteLineAsync(answer.Text.AsMemory(), cancellation);
                    continue;
                }

                failed++;
                var failure = new JsonObject { ["record"] = record, ["status"] = answer.Status, ["error"] = answer.Text };
                await SharedLog.AppendAsync(Failures, failure.ToJsonString() + "\n", cancellation);
            }
        }

        await predictions.FlushAsync(cancellation);
        return new StreamProgress(records.Count - failed, failed);
    }

    /// <summary>A model that is being replaced or started again, or is asked too much, is asked again for a while: the record is not what is wrong.</summary>
    private async Task<(int Status, string Text)> AskAsync(string record, CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        for (var tries = 1; ; tries++)
        {
            var answer = Original(await stages.InvokeAsync(stage, new InvokeRequest(Encoding.UTF8.GetBytes(record), stream.ContentType, stream.Accept), cancellation));
            // A request that has timed out took as long as all patience is.
            if (answer.Status is not (429 or 503 or 504) || (waited.Elapsed > MostPatience && tries > 1))
                return answer;
            await Task.Delay(Pause, cancellation);
        }
    }

    /// <summary>In one line, and of a model's error what the model itself said: OriginalStatusCode and OriginalMessage of SageMaker Runtime's ModelError.</summary>
    private static (int Status, string Text) Original(InvokeResult answer)
    {
        var text = Encoding.UTF8.GetString(answer.Body).Trim().Replace("\r\n", " ", StringComparison.Ordinal).Replace('\n', ' ').Replace('\r', ' ');
        if (answer.Status is >= 200 and < 300)
            return (answer.Status, text);
        try
        {
            return JsonNode.Parse(answer.Body) is JsonObject { } error && error["OriginalStatusCode"] is JsonValue status ? ((int)status, error["OriginalMessage"]?.ToString() ?? text) : (answer.Status, text);
        }
        catch (System.Text.Json.JsonException)
        {
            return (answer.Status, text);
        }
    }

    /// <summary>The next whole lines of a file, and where they end.</summary>
    private async Task<(List<string> Lines, long End)> NextAsync(string file, long offset, CancellationToken cancellation)
    {
        await using var bytes = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        // A shorter file than was read is another one.
        bytes.Position = offset <= bytes.Length ? offset : 0;
        var (lines, end) = (new List<string>(), bytes.Position);
        using var line = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while (lines.Count < stream.BatchSize && (read = await bytes.ReadAsync(buffer, cancellation)) > 0)
        {
            for (var i = 0; i < read && lines.Count < stream.BatchSize; i++)
            {
                if (buffer[i] != (byte)'\n')
                {
                    line.WriteByte(buffer[i]);
                    continue;
                }

                end += line.Length + 1;
                var text = Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length).TrimEnd('\r').TrimStart('\uFEFF');
                line.SetLength(0);
                if (!string.IsNullOrWhiteSpace(text))
                    lines.Add(text);
            }
        }

        return (lines, end);
    }

    private JsonObject ReadOffsets()
    {
        if (File.Exists(Offsets))
        {
            try
            {
                var read = Json.ReadObject(File.ReadAllBytes(Offsets), "It");
                return read.All(o => Json.Number(o.Value) is not null) ? read : throw new DefinitionException("It holds what is no number.");
            }
            catch (DefinitionException e)
            {
                throw LocalErrors.OffsetsUnreadable(Offsets, e.Message).ToException();
            }
        }

        var first = new JsonObject();
        if (!stream.FromOldest)
        {
            foreach (var file in new DirectoryInfo(Source).EnumerateFiles("*.jsonl"))
                first[file.Name] = file.Length;
        }

        AtomicFile.Write(Offsets, Json.Write(first));
        return first;
    }
}
