using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Models;
using Mlops.Serving.Runtime;

namespace Mlops.Platform.Local.Execution;

/// <summary>What CreateTransformJob does with its records: a model answers those of every file, and 'FILE.out' holds the answers.</summary>
internal static class Transform
{
    /// <summary>MaxPayloadInMB's default.</summary>
    private const int MostMegabytes = 6;

    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Megabytes that a request is held with.</summary>
    private const int MostInMemory = 1024;

    /// <summary>Waits until the model answers, and asks it. Returns why that failed, or null.</summary>
    /// <param name="arguments">Of CreateTransformJob.</param>
    /// <param name="source">The file or folder that is read.</param>
    /// <param name="folder">Takes the answers.</param>
    public static async Task<string?> RunAsync(JsonObject arguments, string source, string folder, ModelChain process, CancellationToken cancellation)
    {
        var job = new Request(arguments);
        if (!job.ByLine && TransformRecords.IsCsv(job.ContentType) && (job.ShapesAnswers || job.InputFilter is not null))
            throw new DefinitionException("Its filters and joins (DataProcessing) need records: split the input by line (SplitType: Line).");
        using var http = Loopback.Client(job.Timeout);
        if (await process.UntilHealthyAsync(http, ModelChain.StartLimit, cancellation) is { } reason)
            return $"The model did not come up: {reason}";
        string[] files = Directory.Exists(source) ? [.. Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [source];
        foreach (var file in files)
        {
            var target = Path.Combine(folder, Path.GetRelativePath(Directory.Exists(source) ? source : Path.GetDirectoryName(source)!, file) + ".out");
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            try
            {
                if (await FileAsync(job, file, target, process.Addresses, http, cancellation) is { } failure)
                    return $"{Path.GetFileName(file)}: {failure}";
            }
            catch (DefinitionException e)
            {
                return $"{Path.GetFileName(file)}: {e.Message}";
            }
        }

        return null;
    }

    private static async Task<string?> FileAsync(Request job, string file, string target, IReadOnlyList<Uri> addresses, HttpClient http, CancellationToken cancellation)
    {
        if (!job.ByLine)
        {
            // Of a file that is too large no more is read than tells so, unless a filter makes it smaller.
            var body = await ReadAsync(job, file, job.InputFilter is null ? job.MostPayload + 1 : int.MaxValue, cancellation);
            var record = job.ReadsRecords ? Encoding.UTF8.GetString(body).TrimStart('\uFEFF') : "";
            var sent = job.InputFilter is null ? body : Encoding.UTF8.GetBytes(Sent(job, record));
            if (TooLarge(job, sent) is { } large)
                return large;
            var (whole, kind, problem) = await AskAsync(job, sent, addresses, http, cancellation);
            if (problem is null)
                await File.WriteAllBytesAsync(target, job.ShapesAnswers ? Encoding.UTF8.GetBytes(Shape(job, record, Encoding.UTF8.GetString(whole), kind)) : whole, cancellation);
            return problem;
        }

        // Records are parted and joined as the bytes that they are, unless a filter has to read them.
        var encoding = job.ReadsRecords ? new UTF8Encoding(false) : Encoding.Latin1;
        var answers = job.ShapesAnswers ? new UTF8Encoding(false) : Encoding.Latin1;
        await using var written = new StreamWriter(target, append: false, answers) { NewLine = "\n" };
        using var reader = new StreamReader(Open(job, file), encoding, detectEncodingFromByteOrderMarks: job.ReadsRecords);
        foreach (var records in Batches(job, Lines(reader).Where(l => l.Length > 0), encoding))
        {
            var sent = encoding.GetBytes(string.Join('\n', records.Select(r => Sent(job, r))));
            if (TooLarge(job, sent) is { } large)
                return large;
            var (answer, type, problem) = await AskAsync(job, sent, addresses, http, cancellation);
            if (problem is not null)
                return problem;
            if (!job.ShapesAnswers && !job.AssemblesLines)
            {
                await written.FlushAsync(cancellation);
                await written.BaseStream.WriteAsync(answer, cancellation);
                continue;
            }

            var lines = answers.GetString(answer).TrimEnd('\n', '\r').Split('\n').Select(l => l.TrimEnd('\r')).ToList();
            if (!job.ShapesAnswers)
            {
                foreach (var line in lines)
                    await written.WriteLineAsync(line);
                continue;
            }

            if (lines.Count != records.Count)
                return $"{records.Count} records were sent, and {lines.Count} answers came back: to be joined or filtered, there must be one for each. Answer line by line, or send one record in a request (BatchStrategy SingleRecord).";
            foreach (var (record, line) in records.Zip(lines))
                await written.WriteLineAsync(Shape(job, record, line, type));
        }

        return null;
    }

    private static string? TooLarge(Request job, byte[] sent) => sent.Length <= job.MostPayload ? null
        : $"a request has more than {job.MostPayload} bytes: raise MaxPayloadInMB, or split the input into smaller records.";

    private static async Task<byte[]> ReadAsync(Request job, string file, long most, CancellationToken cancellation)
    {
        using var content = new MemoryStream();
        await using var read = Open(job, file);
        var block = new byte[1 << 16];
        while (content.Length < most && await read.ReadAsync(block, cancellation) is > 0 and var length)
            content.Write(block, 0, (int)Math.Min(length, most - content.Length));
        return content.ToArray();
    }

    private static Stream Open(Request job, string file) => job.IsCompressed ? new GZipStream(File.OpenRead(file), CompressionMode.Decompress) : File.OpenRead(file);

    /// <summary>Parted at '\n' alone: a '\r' elsewhere than before one is a part of its record.</summary>
    private static IEnumerable<string> Lines(StreamReader reader)
    {
        var line = new StringBuilder();
        var block = new char[1 << 14];
        while (reader.Read(block) is > 0 and var length)
        {
            var rest = block.AsMemory(0, length);
            for (int end; (end = rest.Span.IndexOf('\n')) >= 0; rest = rest[(end + 1)..])
            {
                yield return Whole(line.Append(rest[..end]));
                line.Clear();
            }

            line.Append(rest);
        }

        if (line.Length > 0)
            yield return Whole(line);

        static string Whole(StringBuilder text) => text.Length > 0 && text[^1] == '\r' ? text.ToString(0, text.Length - 1) : text.ToString();
    }

    private static string Sent(Request job, string record) =>
        job.InputFilter is { } filter ? TransformRecords.Write(RecordFilter.Apply(filter, TransformRecords.Parse(record, job.ContentType)), job.ContentType) : record;

    /// <param name="type">Of the answer.</param>
    private static string Shape(Request job, string record, string line, string type)
    {
        var answer = TransformRecords.Parse(line, type);
        var joined = job.JoinsInput ? TransformRecords.Join(TransformRecords.Parse(record, job.ContentType), answer, job.ContentType) : answer;
        var shown = job.OutputFilter is { } filter ? RecordFilter.Apply(filter, joined) : joined;
        return TransformRecords.Write(shown, job.JoinsInput && TransformRecords.IsCsv(job.ContentType) ? job.ContentType : type);
    }

    private static async Task<(byte[] Answer, string Type, string? Problem)> AskAsync(Request job, byte[] body, IReadOnlyList<Uri> addresses, HttpClient http, CancellationToken cancellation)
    {
        for (var left = job.Retries; ; left--)
        {
            var asked = await AskOnceAsync(job, body, addresses, http, cancellation);
            if (asked.Problem is null || !asked.MayPass || left == 0)
                return (asked.Answer, asked.Type, asked.Problem);
            await Task.Delay(RetryPause, cancellation);
        }
    }

    /// <returns>With whether another try may do: what the model refuses it refuses again.</returns>
    private static async Task<(byte[] Answer, string Type, string? Problem, bool MayPass)> AskOnceAsync(Request job, byte[] body, IReadOnlyList<Uri> addresses, HttpClient http, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", job.ContentType);
        if (job.Accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", job.Accept);
        try
        {
            using var response = await ContainerChain.SendAsync(http, addresses, request, cancellation);
            var answer = await response.Content.ReadAsByteArrayAsync(cancellation);
            return response.IsSuccessStatusCode ? (answer, job.Accept ?? response.Content.Headers.ContentType?.MediaType ?? "application/json", null, false)
                : ([], "", $"the model answered {(int)response.StatusCode}: {Encoding.UTF8.GetString(answer.AsSpan(0, Math.Min(answer.Length, 500)))}", (int)response.StatusCode >= 500);
        }
        catch (HttpRequestException e)
        {
            return ([], "", $"the model did not answer: {e.Message}", true);
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return ([], "", $"the model did not answer within {job.Timeout.TotalSeconds} s (ModelClientConfig.InvocationsTimeoutInSeconds)", true);
        }
    }

    /// <summary>As many records as a request may hold, or one.</summary>
    private static IEnumerable<List<string>> Batches(Request job, IEnumerable<string> records, Encoding encoding)
    {
        var batch = new List<string>();
        var bytes = 0;
        foreach (var record in records)
        {
            var size = encoding.GetByteCount(record) + 1;
            if (batch.Count > 0 && (job.OneByOne || bytes + size > job.MostBytes))
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }

            batch.Add(record);
            bytes += size;
        }

        if (batch.Count > 0)
            yield return batch;
    }

    private sealed class Request(JsonObject arguments)
    {
        public bool ByLine { get; } = Split(arguments);

        public string ContentType { get; } = Text(arguments["TransformInput"]?["ContentType"], "application/octet-stream");

        /// <summary>Null: the model chooses.</summary>
        public string? Accept { get; } = arguments["TransformOutput"]?["Accept"] is { } accept ? Json.Text(accept) : null;

        /// <summary>CompressionType Gzip, of the records.</summary>
        public bool IsCompressed { get; } = Json.Text(arguments["TransformInput"]?["CompressionType"]) == "Gzip";

        public bool OneByOne { get; } = Json.Text(arguments["BatchStrategy"]) == "SingleRecord";

        /// <summary>AssembleWith: an answer is a line, or stands behind the one before it as it is.</summary>
        public bool AssemblesLines { get; } = Json.Text(arguments["TransformOutput"]?["AssembleWith"]) == "Line";

        /// <summary>That records are gathered up to.</summary>
        public int MostBytes { get; } = Megabytes(arguments) * 1_000_000;

        /// <summary>That a request may have.</summary>
        public int MostPayload { get; } = Megabytes(arguments) << 20;

        /// <summary>ModelClientConfig's defaults: ten minutes, and three more tries.</summary>
        public TimeSpan Timeout { get; } = TimeSpan.FromSeconds(Json.Number(arguments["ModelClientConfig"]?["InvocationsTimeoutInSeconds"]) ?? 600);

        public int Retries { get; } = (int)(Json.Number(arguments["ModelClientConfig"]?["InvocationsMaxRetries"]) ?? 3);

        public bool JoinsInput { get; } = Json.Text(arguments["DataProcessing"]?["JoinSource"]) == "Input";

        public string? InputFilter { get; } = Filter(arguments["DataProcessing"]?["InputFilter"]);

        public string? OutputFilter { get; } = Filter(arguments["DataProcessing"]?["OutputFilter"]);

        public bool ShapesAnswers => JoinsInput || OutputFilter is not null;

        public bool ReadsRecords => ShapesAnswers || InputFilter is not null;

        /// <summary>0: a payload may be as long as it will.</summary>
        private static int Megabytes(JsonObject arguments) => (int)(Json.Number(arguments["MaxPayloadInMB"]) ?? MostMegabytes) is > 0 and <= MostInMemory and var given ? given : MostInMemory;

        /// <summary>Null where it takes nothing away.</summary>
        private static string? Filter(JsonNode? node) => node is null || Json.Text(node) is "$" or "" ? null : Json.Text(node);

        private static string Text(JsonNode? node, string otherwise) => node is null ? otherwise : Json.Text(node);

        private static bool Split(JsonObject arguments) => Text(arguments["TransformInput"]?["SplitType"], "None") switch
        {
            "None" => false,
            "Line" => true,
            var other => throw new DefinitionException($"The local platform splits by line or not at all, and not by {other}."),
        };
    }
}
