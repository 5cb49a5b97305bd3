using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;

namespace Mlops.Serving.Runtime;

/// <summary>What is kept of requests, as DataCaptureConfig has it.</summary>
/// <param name="Folder">With a folder for each variant and hour.</param>
/// <param name="Percent">Of the requests.</param>
/// <param name="CsvContentTypes">Kept as text; what neither these nor <paramref name="JsonContentTypes"/> name is kept as base64.</param>
public sealed record CaptureSettings(string Folder, int Percent, bool Input, bool Output, IReadOnlyList<string> CsvContentTypes, IReadOnlyList<string> JsonContentTypes);

/// <param name="EventId">The request's id.</param>
public sealed record CapturedInvocation(string Variant, string EventId, DateTimeOffset Time)
{
    public string? InferenceId { get; init; }

    public string? CustomAttributes { get; init; }

    public string? InputType { get; init; }

    public required ReadOnlyMemory<byte> Input { get; init; }

    public string? OutputType { get; init; }

    public required ReadOnlyMemory<byte> Output { get; init; }
}

/// <summary>
/// Data capture as SageMaker lays it out: FOLDER/VARIANT/yyyy/MM/dd/HH/mm-ss-fff-ID.jsonl, a line a request. One writer behind a bounded
/// queue: where the disk is slow or full, lines are left out and counted, and serving goes on.
/// </summary>
public sealed class CaptureLog : IAsyncDisposable
{
    private const int LongestQueue = 4096;
    private const long MostQueuedBytes = 64L << 20;

    /// <summary>After the disk refused a line, it is left alone for a while.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly CaptureSettings settings;
    private readonly Action<string> warn;
    private readonly Channel<CapturedInvocation> queue = Channel.CreateBounded<CapturedInvocation>(new BoundedChannelOptions(LongestQueue) { SingleReader = true });
    private readonly Dictionary<string, HourFile> files = new(StringComparer.Ordinal);
    private readonly Task writing;
    private long left;
    private long queuedBytes;

    /// <param name="warn">Told when lines begin to be left out, once a while.</param>
    public CaptureLog(CaptureSettings settings, Action<string> warn)
    {
        this.settings = settings;
        this.warn = warn;
        writing = Task.Run(WriteAsync);
    }

    /// <summary>How many requests were to be kept and could not be.</summary>
    public long Left => Interlocked.Read(ref left);

    /// <summary>Whether the next request is among those that are kept.</summary>
    public bool Samples() => settings.Percent >= 100 || Random.Shared.Next(100) < settings.Percent;

    public void Add(CapturedInvocation invocation)
    {
        var size = SizeOf(invocation);
        if (Interlocked.Add(ref queuedBytes, size) <= MostQueuedBytes && queue.Writer.TryWrite(invocation))
            return;
        Interlocked.Add(ref queuedBytes, -size);
        Interlocked.Increment(ref left);
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await writing;
    }

    private static long SizeOf(CapturedInvocation invocation) => invocation.Input.Length + invocation.Output.Length;

    private async Task WriteAsync()
    {
        long? brokenOff = null;
        while (await queue.Reader.WaitToReadAsync())
        {
            try
            {
                while (queue.Reader.TryRead(out var invocation))
                {
                    Interlocked.Add(ref queuedBytes, -SizeOf(invocation));
                    if (brokenOff is { } then && Stopwatch.GetElapsedTime(then) < Pause)
                        Interlocked.Increment(ref left);
                    else
                        FileFor(invocation).Write(invocation, settings);
                }

                foreach (var file in files.Values)
                    file.Flush();
            }
#pragma warning disable CA1031 // Whatever cannot be kept (a full disk, an answer that is too long for a line) must not end the log.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Interlocked.Increment(ref left);
                brokenOff = Stopwatch.GetTimestamp();
                Close();
                warn($"Data capture: {e.Message} Requests are answered, and not kept, for {Pause.TotalSeconds} seconds.");
            }
        }

        Close();
    }

    private HourFile FileFor(CapturedInvocation invocation)
    {
        var hour = invocation.Time.UtcDateTime.ToString("yyyy/MM/dd/HH", CultureInfo.InvariantCulture);
        if (files.TryGetValue(invocation.Variant, out var file) && file.Hour == hour)
            return file;
        file?.Dispose();
        files.Remove(invocation.Variant);
        return files[invocation.Variant] = HourFile.Open(settings.Folder, invocation, hour);
    }

    private void Close()
    {
        foreach (var file in files.Values)
        {
            try
            {
                file.Dispose();
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                // A full disk, or a line that was begun; it is counted already.
            }
        }

        files.Clear();
    }

    private sealed class HourFile(string hour, FileStream stream) : IDisposable
    {
        private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

        private readonly Utf8JsonWriter json = new(stream, Options);

        public string Hour => hour;

        public static HourFile Open(string folder, CapturedInvocation first, string hour)
        {
            var parent = Directory.CreateDirectory(Path.Combine([folder, first.Variant, .. hour.Split('/')])).FullName;
            var name = $"{first.Time.UtcDateTime.ToString("mm-ss-fff", CultureInfo.InvariantCulture)}-{Guid.NewGuid()}.jsonl";
            return new HourFile(hour, new FileStream(Path.Combine(parent, name), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 64 * 1024));
        }

        public void Write(CapturedInvocation invocation, CaptureSettings settings)
        {
            json.WriteStartObject();
            json.WriteStartObject("captureData");
            if (settings.Input)
                Part("endpointInput", "INPUT", invocation.InputType, invocation.Input.Span, settings);
            if (settings.Output)
                Part("endpointOutput", "OUTPUT", invocation.OutputType, invocation.Output.Span, settings);
            json.WriteEndObject();
            json.WriteStartObject("eventMetadata");
            json.WriteString("eventId", invocation.EventId);
            if (invocation.CustomAttributes is { } attributes)
            {
                json.WriteStartArray("customAttributes");
                json.WriteStringValue(attributes);
                json.WriteEndArray();
            }

            if (invocation.InferenceId is { } id)
                json.WriteString("inferenceId", id);
            json.WriteString("inferenceTime", invocation.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
            json.WriteEndObject();
            json.WriteString("eventVersion", "0");
            json.WriteEndObject();
            json.Flush();
            json.Reset();
            stream.WriteByte((byte)'\n');
        }

        public void Flush() => stream.Flush();

        public void Dispose()
        {
            try
            {
                json.Dispose();
            }
            finally
            {
                stream.Dispose();
            }
        }

        private void Part(string name, string mode, string? type, ReadOnlySpan<byte> data, CaptureSettings settings)
        {
            json.WriteStartObject(name);
            if (type is not null)
                json.WriteString("observedContentType", type);
            json.WriteString("mode", mode);
            var encoding = Encoding(type, settings);
            if (encoding == "BASE64" || !System.Text.Unicode.Utf8.IsValid(data))
            {
                json.WriteBase64String("data", data);
                encoding = "BASE64";
            }
            else
            {
                json.WriteString("data", data);
            }

            json.WriteString("encoding", encoding);
            json.WriteEndObject();
        }

        private static string Encoding(string? type, CaptureSettings settings)
        {
            var plain = type?.Split(';')[0].Trim();
            return plain is null ? "BASE64"
                : settings.CsvContentTypes.Contains(plain, StringComparer.OrdinalIgnoreCase) ? "CSV"
                : settings.JsonContentTypes.Contains(plain, StringComparer.OrdinalIgnoreCase) ? "JSON" : "BASE64";
        }
    }
}
