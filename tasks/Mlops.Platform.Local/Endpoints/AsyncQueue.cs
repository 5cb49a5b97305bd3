using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Storage;
using Mlops.Serving.Runtime;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>
/// The requests of an asynchronous endpoint, a file each: what is accepted is answered, also after the server was ended. Answers and
/// failures come to lie where SageMaker's would; a line for each goes to a file, as its notifications to a topic.
/// </summary>
internal sealed class AsyncQueue : IAsyncDisposable
{
    /// <summary>InvokeEndpointAsync's defaults.</summary>
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan DefaultTtl = TimeSpan.FromHours(6);

    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);

    private readonly ServedEndpoint endpoint;
    private readonly string name;
    private readonly AsyncSettings settings;
    private readonly LocalObjectStore objects;
    private readonly HttpClient http;
    private readonly string folder;
    private readonly string notifications;
    private readonly SemaphoreSlim waiting;
    private readonly CancellationTokenSource ending = new();
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private readonly Task working;
    private long number;

    public AsyncQueue(ServedEndpoint endpoint, string name, AsyncSettings settings, LocalRoot root, LocalObjectStore objects, HttpClient http, int workers)
    {
        this.endpoint = endpoint;
        this.name = name;
        this.settings = settings;
        this.objects = objects;
        this.http = http;
        folder = Directory.CreateDirectory(root.Queue(name)).FullName;
        notifications = root.Notifications;
        var left = Directory.GetFiles(folder, "*.json");
        number = left.Select(f => long.Parse(Path.GetFileName(f).Split('-')[0], CultureInfo.InvariantCulture)).DefaultIfEmpty(0).Max();
        waiting = new SemaphoreSlim(left.Length);
        working = Task.WhenAll(Enumerable.Range(0, Math.Max(1, workers)).Select(_ => Task.Run(WorkAsync)));
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
            ["Received"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture),
            ["OutputLocation"] = answer.OutputLocation,
            ["FailureLocation"] = answer.FailureLocation,
        };
        Files.Write(file, Json.Write(request));
        waiting.Release();
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await working;
        waiting.Dispose();
    }

    private async Task WorkAsync()
    {
        try
        {
            while (true)
            {
                await waiting.WaitAsync(ending.Token);
                if (Take() is not { } file)
                    continue;
                try
                {
                    await AnswerAsync(file);
                    File.Delete(file);
                }
                finally
                {
                    lock (gate)
                        taken.Remove(file);
                }
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // What was under way is still in the folder, and asked again by the next server.
        }
    }

    private string? Take()
    {
        lock (gate)
        {
            var next = Directory.EnumerateFiles(folder, "*.json").Where(f => !taken.Contains(f)).Min(StringComparer.Ordinal);
            if (next is not null)
                taken.Add(next);
            return next;
        }
    }

    private async Task AnswerAsync(string file)
    {
        var request = (JsonObject)JsonNode.Parse(await File.ReadAllBytesAsync(file, ending.Token))!;
        var (answer, type, failure) = Json.Number(request["Expires"]) < DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()
            ? (null, null, "The request waited longer than it may (RequestTTLSeconds).")
            : await AskAsync(request);
        var location = Text(request, failure is null ? "OutputLocation" : "FailureLocation")!;
        try
        {
            Files.Write(objects.PathOf(location), answer ?? Encoding.UTF8.GetBytes(failure!));
            await NotifyAsync(request, type, location, failure);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformException)
        {
            await Console.Error.WriteLineAsync($"{name}: the answer to '{Text(request, "InputLocation")}' could not be written: {e.Message}");
        }
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
                if (await endpoint.UseAsync(limit.Token) is var (fleet, model))
                {
                    try
                    {
                        return await AskAsync(request, input, model, fleet, limit.Token);
                    }
                    finally
                    {
                        model.Release();
                    }
                }

                await Task.Delay(RetryPause, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!ending.IsCancellationRequested)
        {
            return (null, null, "The model did not answer in time (InvocationTimeoutSeconds).");
        }
        catch (HttpRequestException e)
        {
            return (null, null, $"The model's process broke the connection ({e.HttpRequestError}).");
        }
    }

    private async Task<(byte[]? Answer, string? Type, string? Failure)> AskAsync(JsonObject request, byte[] input, ServedModel model, Fleet fleet, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(model.Process.Address, "invocations")) { Content = new ByteArrayContent(input) };
        if (Text(request, "ContentType") is { } type)
            message.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        foreach (var (header, member) in new[] { ("Accept", "Accept"), ("X-Amzn-SageMaker-Custom-Attributes", "CustomAttributes"), ("X-Amzn-SageMaker-Inference-Id", "InferenceId") })
        {
            if (Text(request, member) is { } value)
                message.Headers.TryAddWithoutValidation(header, value);
        }

        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var response = await http.SendAsync(message, cancellation);
        var answer = await response.Content.ReadAsByteArrayAsync(cancellation);
        fleet.Answered((int)response.StatusCode, clock.Elapsed);
        MediaTypeHeaderValue? given = response.Content.Headers.ContentType;
        return response.IsSuccessStatusCode
            ? (answer, given?.ToString(), null)
            : (null, null, string.Create(CultureInfo.InvariantCulture, $"Received an error ({(int)response.StatusCode}) from the model: {Encoding.UTF8.GetString(answer.AsSpan(0, Math.Min(answer.Length, 1000))).Trim()}"));
    }

    /// <summary>The message of "Check prediction results", "Amazon SNS": InferenceResult.</summary>
    private async Task NotifyAsync(JsonObject request, string? type, string location, string? failure)
    {
        var message = new JsonObject
        {
            ["awsRegion"] = "local",
            ["eventTime"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture),
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
        await File.AppendAllTextAsync(notifications, message.ToJsonString(JsonSerializerOptions.Default) + "\n", ending.Token);
    }

    private static string? Text(JsonObject request, string member) => request[member]?.GetValue<string>();
}
