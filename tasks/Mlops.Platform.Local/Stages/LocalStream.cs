using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Local.Stages;

/// <param name="Predicted">Records with an answer.</param>
/// <param name="Failed">Records that the model refused.</param>
public sealed record StreamProgress(long Predicted, long Failed);

/// <summary>
/// Records through a stage's endpoint, a line each: a stream is a folder of JSON lines, ROOT/streams/NAME. Predictions come in the order of
/// the records. How far a file was read is kept after its predictions are: what was broken off is predicted again, never left out.
/// </summary>
public sealed class LocalStream
{
    private const int AtOnce = 8;
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
            line = await records.ReadLineAsync(cancellation);
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
    /// <param name="once">Ends when all that lies there is predicted.</param>
    public async Task<StreamProgress> FollowAsync(bool once, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Source);
        Directory.CreateDirectory(Path.GetDirectoryName(Destination)!);
        var offsets = ReadOffsets();
        var (predicted, failed) = (0L, 0L);
        var waiting = new Dictionary<string, long>(StringComparer.Ordinal);
        while (true)
        {
            var full = false;
            foreach (var file in Directory.EnumerateFiles(Source, "*.jsonl").Order(StringComparer.Ordinal))
            {
                var name = Path.GetFileName(file);
                var (batch, end) = await NextAsync(file, (long?)offsets[name] ?? 0, cancellation);
                if (batch.Count == 0)
                    continue;
                // The window of a file begins with its first record that nobody has read.
                waiting.TryAdd(name, Stopwatch.GetTimestamp());
                if (batch.Count < stream.BatchSize && !once && Stopwatch.GetElapsedTime(waiting[name]).TotalSeconds < stream.BatchWindowSeconds)
                    continue;
                waiting.Remove(name);
                await using (var predictions = Append(Destination))
                {
                    var progress = await PredictAsync(batch, predictions, cancellation);
                    (predicted, failed) = (predicted + progress.Predicted, failed + progress.Failed);
                }

                offsets[name] = end;
                AtomicFile.Write(Offsets, Json.Write(offsets));
                full |= batch.Count == stream.BatchSize;
            }

            if (full)
                continue;
            if (once)
                return new StreamProgress(predicted, failed);
            await Task.Delay(Pause, cancellation);
        }
    }

    private async Task<StreamProgress> PredictAsync(IReadOnlyList<string> records, TextWriter predictions, CancellationToken cancellation)
    {
        var failed = 0L;
        foreach (var some in records.Chunk(AtOnce))
        {
            var answers = await Task.WhenAll(some.Select(r => AskAsync(r, cancellation)));
            foreach (var (record, answer) in some.Zip(answers))
            {
                var text = Encoding.UTF8.GetString(answer.Body).Trim().ReplaceLineEndings(" ");
                if (answer.Status is >= 200 and < 300)
                {
                    await predictions.WriteLineAsync(text.AsMemory(), cancellation);
                    continue;
                }

                failed++;
                Directory.CreateDirectory(Path.GetDirectoryName(Failures)!);
                var failure = new JsonObject { ["record"] = record, ["status"] = answer.Status, ["error"] = text };
                await File.AppendAllTextAsync(Failures, failure.ToJsonString() + "\n", cancellation);
            }
        }

        await predictions.FlushAsync(cancellation);
        return new StreamProgress(records.Count - failed, failed);
    }

    /// <summary>A model that is being replaced or started again, or is asked too much, is asked again for a while: the record is not what is wrong.</summary>
    private async Task<InvokeResult> AskAsync(string record, CancellationToken cancellation)
    {
        for (var waited = Stopwatch.StartNew(); ;)
        {
            var answer = await stages.InvokeAsync(stage, new InvokeRequest(Encoding.UTF8.GetBytes(record), stream.ContentType, stream.Accept), cancellation);
            if (answer.Status is not (429 or 503) || waited.Elapsed > MostPatience)
                return answer;
            await Task.Delay(Pause, cancellation);
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
                var text = Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length).TrimEnd('\r');
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
            return (JsonObject)JsonNode.Parse(File.ReadAllBytes(Offsets))!;
        var first = new JsonObject();
        if (!stream.FromOldest)
        {
            foreach (var file in new DirectoryInfo(Source).EnumerateFiles("*.jsonl"))
                first[file.Name] = file.Length;
        }

        AtomicFile.Write(Offsets, Json.Write(first));
        return first;
    }

    private static StreamWriter Append(string file) => new(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.Read)) { NewLine = "\n" };
}
