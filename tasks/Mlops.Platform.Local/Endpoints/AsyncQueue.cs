using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Storage;
using Mlops.Serving.Runtime;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>
/// The requests of an asynchronous endpoint, a file each: what is accepted is answered, also after the server was ended. Answers and
/// failures come to lie where SageMaker's would; a line for each goes to a file, as its notifications to a topic. One queue serves an
/// endpoint as long as the server lives, whatever is deployed to it meanwhile.
/// </summary>
internal sealed class AsyncQueue : IAsyncDisposable
{
    /// <summary>InvokeEndpointAsync's defaults.</summary>
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan DefaultTtl = TimeSpan.FromHours(6);

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ModelPause = TimeSpan.FromMilliseconds(200);

    /// <summary>Several queues write to one file of notifications.</summary>
    private static readonly SemaphoreSlim Notifying = new(1, 1);

    private readonly ServedEndpoint endpoint;
    private readonly string name;
    private readonly LocalRoot root;
    private readonly LocalObjectStore objects;
    private readonly HttpClient http;
    private readonly Action<string> warn;
    private readonly string folder;
    private readonly SemaphoreSlim waiting;
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentDictionary<string, bool> taken = new(StringComparer.Ordinal);
    private readonly List<Task> workers = [];
    private volatile AsyncSettings settings;
    private volatile int wanted;
    private long number;

    public AsyncQueue(ServedEndpoint endpoint, string name, AsyncSettings settings, int workers, LocalRoot root, LocalObjectStore objects, HttpClient http, Action<string> warn)
    {
        (this.endpoint, this.name, this.settings, this.root, this.objects, this.http, this.warn) = (endpoint, name, settings, root, objects, http, warn);
        folder = Directory.CreateDirectory(root.Queue(name)).FullName;
        var left = Waiting().ToList();
        number = left.Select(NumberOf).DefaultIfEmpty(0).Max();
        waiting = new SemaphoreSlim(left.Count);
        Configure(settings, workers);
    }

    /// <summary>Later requests go by these settings; so many are under way at once.</summary>
    public void Configure(AsyncSettings given, int count)
    {
        settings = given;
        wanted = Math.Max(1, count);
        while (workers.Count < wanted)
        {
            var index = workers.Count;
            workers.Add(Task.Run(() => WorkAsync(index)));
        }
    }

    /// <summary>Keeps a request; its answer will lie at one of two places.</summary>
    public QueuedAnswer Enqueue(QueuedInvocation invocation)
    {
        var id = Guid.NewGuid().ToString();
        var answer = new QueuedAnswer($"{settings.Output.TrimEnd('/')}/{id}.out", $"{settings.Failures.TrimEnd('/')}/{id}-error.out");
        var file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Interlocked.Increment(ref number):D12}-{id}.json"));
        var request = new JsonObject
        {
            ["InferenceId"] = invocation.InferenceId,
            ["InputLocation"] = invocation.InputLocation,
            ["ContentType"] = invocation.ContentType,
            ["Accept"] = invocation.Accept,
            ["CustomAttributes"] = invocation.CustomAttributes,
            ["Expires"] = DateTimeOffset.UtcNow.AddSeconds(invocation.RequestTtlSeconds ?? DefaultTtl.TotalSeconds).ToUnixTimeMilliseconds(),
            ["TimeoutSeconds"] = invocation.InvocationTimeoutSeconds ?? DefaultLimit.TotalSeconds,
            ["Received"] = Now(),
            ["OutputLocation"] = answer.OutputLocation,
            ["FailureLocation"] = answer.FailureLocation,
        };
        AtomicFile.Write(file, Json.Write(request));
        waiting.Release();
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await Task.WhenAll(workers);
    }

    private static string Now() => DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture);

    private static long NumberOf(string file) => long.TryParse(Path.GetFileName(file).Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var found) ? found : 0;

    private IEnumerable<string> Waiting() => Directory.EnumerateFiles(folder, "*.json");

    private async Task WorkAsync(int index)
    {
        try
        {
            while (true)
            {
                await waiting.WaitAsync(ending.Token);
                if (index >= wanted)
                {
                    waiting.Release();
                    await Task.Delay(RetryPause, ending.Token);
                }
                else if (Take() is { } file && !await TryAnswerAsync(file))
                {
                    await Task.Delay(RetryPause, ending.Token);
                    waiting.Release();
                }
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // What was under way is still in the folder, and asked again by the next server.
        }
    }

    /// <summary>The oldest request that nobody has taken.</summary>
    private string? Take()
    {
        foreach (var file in Waiting().Order(StringComparer.Ordinal).Where(f => taken.TryAdd(f, true)))
        {
            if (File.Exists(file))
                return file;
            taken.TryRemove(file, out _); // Answered between the listing and now.
        }

        return null;
    }

    /// <returns>False: nothing came of it yet; it is kept, and tried again.</returns>
    private async Task<bool> TryAnswerAsync(string file)
    {
        try
        {
            if (Parse(await File.ReadAllBytesAsync(file, ending.Token)) is { } request)
            {
                await AnswerAsync(request);
                File.Delete(file);
            }
            else
            {
                warn($"the request '{file}' cannot be read, and is put aside.");
                File.Move(file, file + ".broken", overwrite: true);
            }

            return true;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // A request must not end its worker: a full disk has room again some time.
        catch (Exception e)
        {
            warn($"the request '{file}' waits: {e.Message}");
            return false;
        }
#pragma warning restore CA1031
        finally
        {
            taken.TryRemove(file, out _);
        }
    }

    /// <returns>Null: a torn file, of a machine that lost its power.</returns>
    private static JsonObject? Parse(byte[] content)
    {
        try
        {
            return JsonNode.Parse(content) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task AnswerAsync(JsonObject request)
    {
        var (answer, type, failure) = Json.Number(request["Expires"]) < DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()
            ? (null, null, "The request waited longer than it may (RequestTTLSeconds).")
            : await AskAsync(request);
        var location = Text(request, failure is null ? "OutputLocation" : "FailureLocation")!;
        AtomicFile.Write(objects.PathOf(location), answer ?? Encoding.UTF8.GetBytes(failure!));
        await NotifyAsync(request, type, location, failure);
    }

    private async Task<(byte[]? Answer, string? Type, string? Failure)> AskAsync(JsonObject request)
    {
        byte[] input;
        try
        {
            input = await File.ReadAllBytesAsync(objects.ExistingPathOf(Text(request, "InputLocation")!), ending.Token);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformException)
        {
            return (null, null, $"The input cannot be read: {e.Message}");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        limit.CancelAfter(TimeSpan.FromSeconds(Json.Number(request["TimeoutSeconds"]) ?? DefaultLimit.TotalSeconds));
        try
        {
            while (true)
            {
                if (await endpoint.UseAsync(limit.Token) is var (fleet, model) && await AskAsync(request, input, model, fleet, limit.Token) is { } answered)
                    return answered;
                await Task.Delay(ModelPause, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!ending.IsCancellationRequested)
        {
            return (null, null, "The model did not answer in time (InvocationTimeoutSeconds).");
        }
    }

    /// <returns>Null: the model was taken away meanwhile; its successor is asked.</returns>
    private async Task<(byte[]? Answer, string? Type, string? Failure)?> AskAsync(JsonObject request, byte[] input, ServedModel model, Fleet fleet, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage { Content = new ByteArrayContent(input) };
        if (Text(request, "ContentType") is { } type)
            message.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        foreach (var (header, member) in new[] { ("Accept", "Accept"), ("X-Amzn-SageMaker-Custom-Attributes", "CustomAttributes"), ("X-Amzn-SageMaker-Inference-Id", "InferenceId") })
        {
            if (Text(request, member) is { } value)
                message.Headers.TryAddWithoutValidation(header, value);
        }

        var clock = Stopwatch.StartNew();
        try
        {
            using var response = await ContainerChain.SendAsync(http, model.Process.Addresses, message, cancellation);
            var answer = await response.Content.ReadAsByteArrayAsync(cancellation);
            fleet.Answered((int)response.StatusCode, clock.Elapsed);
            if (response.IsSuccessStatusCode)
            {
                endpoint.Capture(new CapturedInvocation(fleet.Variant.Name, Guid.NewGuid().ToString(), DateTimeOffset.UtcNow)
                {
                    InferenceId = Text(request, "InferenceId"),
                    CustomAttributes = Text(request, "CustomAttributes"),
                    InputType = Text(request, "ContentType"),
                    Input = input,
                    OutputType = response.Content.Headers.ContentType?.ToString(),
                    Output = answer,
                });
            }

            return response.IsSuccessStatusCode
                ? (answer, response.Content.Headers.ContentType?.ToString(), null)
                : (null, null, string.Create(CultureInfo.InvariantCulture, $"Received an error ({(int)response.StatusCode}) from the model: {Encoding.UTF8.GetString(answer.AsSpan(0, Math.Min(answer.Length, 1000))).Trim()}"));
        }
        catch (HttpRequestException e)
        {
            fleet.Answered(502, clock.Elapsed);
            return model.IsLeaving ? null : (null, null, $"The model's process broke the connection ({e.HttpRequestError}).");
        }
        finally
        {
            model.Release();
        }
    }

    /// <summary>The message of "Check prediction results", "Amazon SNS": InferenceResult.</summary>
    private async Task NotifyAsync(JsonObject request, string? type, string location, string? failure)
    {
        var message = new JsonObject
        {
            ["awsRegion"] = "local",
            ["eventTime"] = Now(),
            ["receivedTime"] = Text(request, "Received"),
            ["invocationStatus"] = failure is null ? "Completed" : "Failed",
            ["failureReason"] = failure,
            ["requestParameters"] = new JsonObject { ["accept"] = Text(request, "Accept"), ["contentType"] = Text(request, "ContentType"), ["endpointName"] = name, ["inputLocation"] = Text(request, "InputLocation") },
            ["responseParameters"] = new JsonObject { ["contentType"] = type, [failure is null ? "outputLocation" : "failureLocation"] = location },
            ["inferenceId"] = Text(request, "InferenceId"),
            ["eventVersion"] = "1.0",
            ["eventSource"] = "aws:sagemaker",
            ["eventName"] = "InferenceResult",
        };
        await Notifying.WaitAsync(CancellationToken.None);
        try
        {
            Files.Turn(root.Notifications);
            await File.AppendAllTextAsync(root.Notifications, message.ToJsonString(JsonSerializerOptions.Default) + "\n", CancellationToken.None);
        }
        finally
        {
            Notifying.Release();
        }
    }

    private static string? Text(JsonObject request, string member) => request[member]?.GetValue<string>();
}
