using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mlops.Serving.Runtime;

/// <summary>
/// SageMaker Runtime's HTTP: POST /endpoints/NAME/invocations, forwarded to a model, POST /endpoints/NAME/async-invocations, answered later, and GET /ping. The AWS CLI and the SDKs
/// work with it by way of their endpoint URL.
/// </summary>
public sealed class RuntimeApi(IEndpoints endpoints) : IDisposable
{
    /// <summary>InvokeEndpoint's bound on a request body (botocore: BodyBlob, max 6,291,456 bytes).</summary>
    public const int MostBodyBytes = 6 * 1024 * 1024;

    private const string RequestId = "x-amzn-RequestId";
    private const string InferenceIdHeader = "X-Amzn-SageMaker-Inference-Id";
    private const string AttributesHeader = "X-Amzn-SageMaker-Custom-Attributes";

    /// <summary>SageMaker's bound on a realtime invocation.</summary>
    private static readonly TimeSpan InvocationLimit = TimeSpan.FromSeconds(60);

    private static readonly string[] ForwardedToModel = ["Accept", AttributesHeader, InferenceIdHeader, "X-Amzn-SageMaker-Target-Model"];

    /// <summary>Copies for shadows that are under way at once, of all endpoints.</summary>
    private const int MostCopies = 64;

    private int copies;

    private readonly HttpMessageInvoker client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
    });

    private readonly BodyBudget bodies = new();

    public async Task InvokeAsync(HttpContext http)
    {
        if (!LoopbackOnly.Allows(http.Request))
        {
            await RuntimeError.ValidationAsync(http, StatusCodes.Status403Forbidden, "This server answers programs of this machine alone: Host and Origin must be loopback.");
            return;
        }

        http.Response.Headers[RequestId] = Guid.NewGuid().ToString();
        var path = http.Request.Path.Value ?? "";
        if (path == "/ping" && HttpMethods.IsGet(http.Request.Method))
        {
            await PingAsync(http, endpoints.AreReady);
            return;
        }

        if (path.Split('/') is not ["", "endpoints", { Length: > 0 } name, ("invocations" or "async-invocations") and var kind])
            await RuntimeError.ValidationAsync(http, StatusCodes.Status404NotFound, "There is POST /endpoints/NAME/invocations, POST /endpoints/NAME/async-invocations, and GET /ping.");
        else if (!HttpMethods.IsPost(http.Request.Method))
            await RuntimeError.ValidationAsync(http, StatusCodes.Status405MethodNotAllowed, "Invocations are POST requests.");
        else if (!endpoints.Knows(name))
            await RuntimeError.ValidationAsync(http, StatusCodes.Status400BadRequest, $"Endpoint {name} of account 000000000000 not found.");
        else if (kind == "invocations")
            await InvokeEndpointAsync(http, name);
        else
            await QueuedInvocations.AcceptAsync(http, name, endpoints);
    }

    public void Dispose() => client.Dispose();

    /// <summary>As the containers of an endpoint have it: 200 where what is served can answer.</summary>
    private static async Task PingAsync(HttpContext http, bool isReady)
    {
        if (!isReady)
            await RuntimeError.UnavailableAsync(http, "A model is not up yet, or has ended and is being started again.");
    }

    private async Task InvokeEndpointAsync(HttpContext http, string name)
    {
        // The whole body first: a caller that sends slowly occupies this server, not the model, and holds no old model back.
        if (await ReadBodyAsync(http) is not { } body)
            return;
        if (Unsendable(http.Request, ["Content-Type", .. ForwardedToModel]) is { } header)
        {
            await RuntimeError.ValidationAsync(http, StatusCodes.Status400BadRequest, $"The header {header} holds other characters than visible ones of ASCII.");
            return;
        }

        var variant = http.Request.Headers["X-Amzn-SageMaker-Target-Variant"].ToString();
        var (lease, refusal) = await endpoints.AdmitAsync(name, variant.Length == 0 ? null : variant, http.RequestAborted);
        if (lease is null)
        {
            await RefuseAsync(http, name, variant, refusal);
            return;
        }

        using (lease)
        {
            if (lease.Shadow is { } shadow)
                Copy(shadow, Copied(http, body, lease.Variant), Header(http.Request, "Accept"));
            await ForwardAsync(http, lease, body);
        }
    }

    private static Task RefuseAsync(HttpContext http, string name, string variant, Refusal refusal) => refusal switch
    {
        Refusal.TooMany => RuntimeError.ThrottledAsync(http, $"The endpoint {name} answers as many requests at once as it may (max_concurrency); try again."),
        Refusal.UnknownVariant => RuntimeError.ValidationAsync(http, StatusCodes.Status400BadRequest, $"Variant {variant} of endpoint {name} not found."),
        Refusal.Asynchronous => RuntimeError.ValidationAsync(http, StatusCodes.Status400BadRequest, $"Endpoint {name} is asynchronous: put the payload into S3 and POST to /endpoints/{name}/async-invocations."),
        _ => RuntimeError.UnavailableAsync(http, $"The model of {name} is not up yet, or has ended and is being started again."),
    };

    private async Task ForwardAsync(HttpContext http, IInvocationLease lease, byte[] body)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        limit.CancelAfter(InvocationLimit);
        var (clock, answered) = (Stopwatch.StartNew(), false);
        try
        {
            using var request = ToModel(http.Request, body);
            using var answer = await ContainerChain.SendAsync(client, lease.Addresses, request, limit.Token);
            answered = true;
            lease.Answered((int)answer.StatusCode, clock.Elapsed);
            var captured = lease.Capture is { } capture && answer.IsSuccessStatusCode ? await CaptureAsync(capture, Copied(http, body, lease.Variant), answer, limit.Token) : null;
            await AnswerAsync(http, lease.Variant, answer, captured, limit.Token);
        }
        catch (Exception e) when (http.Response.HasStarted && e is (OperationCanceledException or HttpRequestException or IOException))
        {
            // Half an answer is out: a broken connection tells the caller so, an error text within it would not.
            http.Abort();
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            if (!answered)
                lease.Answered(StatusCodes.Status504GatewayTimeout, clock.Elapsed);
            await RuntimeError.ModelAsync(http, StatusCodes.Status504GatewayTimeout, $"the model did not answer within {InvocationLimit.TotalSeconds} seconds");
        }
        catch (HttpRequestException e)
        {
            if (!answered)
                lease.Answered(StatusCodes.Status502BadGateway, clock.Elapsed);
            await RuntimeError.ModelAsync(http, StatusCodes.Status502BadGateway, $"the model's process broke the connection ({e.HttpRequestError})");
        }
        catch (OperationCanceledException)
        {
            // The caller has gone; there is nobody to answer.
        }
    }

    /// <summary>Where the shadow is slower than the model, it gets fewer copies: they must not pile up.</summary>
    private void Copy(IInvocationLease shadow, CapturedInvocation copied, string? accept)
    {
        if (Interlocked.Increment(ref copies) > MostCopies)
        {
            Interlocked.Decrement(ref copies);
            shadow.Dispose();
            return;
        }

        _ = Task.Run(async () =>
        {
            try
            {
                await CopyToShadowAsync(shadow, copied, accept);
            }
            finally
            {
                Interlocked.Decrement(ref copies);
            }
        });
    }

    /// <summary>The shadow's answer is kept where the others' are, and nobody waits for it.</summary>
    private async Task CopyToShadowAsync(IInvocationLease shadow, CapturedInvocation copied, string? accept)
    {
        using var held = shadow;
        using var limit = new CancellationTokenSource(InvocationLimit);
        using var request = new HttpRequestMessage { Content = new ReadOnlyMemoryContent(copied.Input) };
        if (copied.InputType is { } type)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        foreach (var (name, value) in new[] { ("Accept", accept), (AttributesHeader, copied.CustomAttributes), (InferenceIdHeader, copied.InferenceId) })
        {
            if (value is not null)
                request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var answer = await ContainerChain.SendAsync(client, shadow.Addresses, request, limit.Token);
            if (shadow.Capture is { } capture && answer.IsSuccessStatusCode)
                await CaptureAsync(capture, copied with { Variant = shadow.Variant }, answer, limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            // What goes wrong with a copy is no caller's business.
        }
    }

    private static CapturedInvocation Copied(HttpContext http, byte[] body, string variant) => new(variant, http.Response.Headers[RequestId].ToString(), DateTimeOffset.UtcNow)
    {
        InferenceId = Header(http.Request, InferenceIdHeader),
        CustomAttributes = Header(http.Request, AttributesHeader),
        InputType = http.Request.ContentType,
        Input = body,
        Output = default,
    };

    private static async Task<byte[]> CaptureAsync(CaptureLog log, CapturedInvocation invocation, HttpResponseMessage answer, CancellationToken cancellation)
    {
        var output = await answer.Content.ReadAsByteArrayAsync(cancellation);
        log.Add(invocation with { OutputType = answer.Content.Headers.ContentType?.ToString(), Output = output });
        return output;
    }

    /// <summary>A header that cannot be handed on: the API's model has it of visible ASCII (CustomAttributes, Accept, ContentType, InferenceId). Null: there is none.</summary>
    internal static string? Unsendable(HttpRequest request, IEnumerable<string> names) => names.FirstOrDefault(n => request.Headers[n].Any(v => v?.Any(c => c is (< ' ' or > '~') and not '\t') == true));

    private static string? Header(HttpRequest request, string name) => request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;

    private async Task<byte[]?> ReadBodyAsync(HttpContext http)
    {
        if (http.Request.ContentLength > MostBodyBytes)
        {
            await RuntimeError.ValidationAsync(http, StatusCodes.Status413PayloadTooLarge, $"The body has more than {MostBodyBytes} bytes.");
            return null;
        }

        try
        {
            if (await bodies.ReadAsync(http.Request, http.RequestAborted) is { } body)
                return body;
            await RuntimeError.ThrottledAsync(http, "This server reads as many bytes of requests at once as it may; try again.");
            return null;
        }
        catch (BadHttpRequestException e)
        {
            await RuntimeError.ValidationAsync(http, e.StatusCode, e.Message);
            return null;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            http.Features.Get<IHttpRequestLifetimeFeature>()?.Abort();
            return null;
        }
    }

    private static HttpRequestMessage ToModel(HttpRequest from, byte[] body)
    {
        var request = new HttpRequestMessage { Content = new ByteArrayContent(body) };
        if (from.ContentType is { } type)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        foreach (var name in ForwardedToModel)
        {
            if (from.Headers.TryGetValue(name, out var values))
                request.Headers.TryAddWithoutValidation(name, values.ToArray());
        }

        return request;
    }

    /// <summary>What a header of an answer can hold: other characters become '?'.</summary>
    private static string? Sendable(string? value) => value is null ? null : string.Concat(value.Select(c => c is >= ' ' and <= '~' or '\t' ? c : '?'));

    private static async Task AnswerAsync(HttpContext http, string variant, HttpResponseMessage answer, byte[]? captured, CancellationToken cancellation)
    {
        http.Response.Headers["x-Amzn-Invoked-Production-Variant"] = variant;
        if ((int)answer.StatusCode is < 200 or >= 300)
        {
            // Whatever charset it claims.
            var text = Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync(cancellation));
            await RuntimeError.ModelAsync(http, (int)answer.StatusCode, text.Trim() is { Length: > 1000 } line ? line[..1000] : text.Trim());
            return;
        }

        http.Response.StatusCode = (int)answer.StatusCode;
        http.Response.ContentType = Sendable(answer.Content.Headers.ContentType?.ToString());
        http.Response.ContentLength = answer.Content.Headers.ContentLength;
        if (answer.Headers.TryGetValues(AttributesHeader, out var attributes))
            http.Response.Headers[AttributesHeader] = attributes.Select(Sendable).ToArray();
        if (captured is null)
            await answer.Content.CopyToAsync(http.Response.Body, cancellation);
        else
            await http.Response.Body.WriteAsync(captured, cancellation);
    }
}
