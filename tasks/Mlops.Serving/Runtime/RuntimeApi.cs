using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mlops.Serving.Runtime;

/// <summary>
/// SageMaker Runtime's HTTP: POST /endpoints/NAME/invocations, forwarded to the model, and GET /ping. The AWS CLI and the SDKs
/// work with it by way of their endpoint URL.
/// </summary>
public sealed class RuntimeApi(IEndpoints endpoints) : IDisposable
{
    /// <summary>InvokeEndpoint's bound on a request body (botocore: BodyBlob, max 6,291,456 bytes).</summary>
    public const int MostBodyBytes = 6 * 1024 * 1024;

    /// <summary>SageMaker's bound on a realtime invocation.</summary>
    private static readonly TimeSpan InvocationLimit = TimeSpan.FromSeconds(60);

    private static readonly string[] ForwardedToModel = ["Accept", "X-Amzn-SageMaker-Custom-Attributes", "X-Amzn-SageMaker-Inference-Id", "X-Amzn-SageMaker-Target-Model"];

    private readonly HttpMessageInvoker client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
    });

    public async Task InvokeAsync(HttpContext http)
    {
        if (!LoopbackOnly.Allows(http.Request))
        {
            await RuntimeError.ValidationAsync(http, StatusCodes.Status403Forbidden, "This server answers programs of this machine alone: Host and Origin must be loopback.");
            return;
        }

        http.Response.Headers["x-amzn-RequestId"] = Guid.NewGuid().ToString();
        var path = http.Request.Path.Value ?? "";
        if (path == "/ping" && HttpMethods.IsGet(http.Request.Method))
            return;
        if (path.Split('/') is not ["", "endpoints", { Length: > 0 } name, "invocations"])
            await RuntimeError.ValidationAsync(http, StatusCodes.Status404NotFound, "There is POST /endpoints/NAME/invocations and GET /ping.");
        else if (!HttpMethods.IsPost(http.Request.Method))
            await RuntimeError.ValidationAsync(http, StatusCodes.Status405MethodNotAllowed, "Invocations are POST requests.");
        else
            await InvokeEndpointAsync(http, name);
    }

    public void Dispose() => client.Dispose();

    private async Task InvokeEndpointAsync(HttpContext http, string name)
    {
        if (!endpoints.Knows(name))
        {
            await RuntimeError.ValidationAsync(http, StatusCodes.Status400BadRequest, $"Endpoint {name} of account 000000000000 not found.");
            return;
        }

        // The whole body first: a caller that sends slowly occupies this server, not the model, and holds no old model back.
        if (await ReadBodyAsync(http) is not { } body)
            return;
        using var lease = endpoints.Lease(name);
        if (lease is null)
        {
            await RuntimeError.UnavailableAsync(http, $"The model of {name} is not up yet, or has ended and is being started again.");
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        limit.CancelAfter(InvocationLimit);
        try
        {
            using var request = ToModel(http, lease.Address, body);
            using var answer = await client.SendAsync(request, limit.Token);
            await AnswerAsync(http, lease.Variant, answer, limit.Token);
        }
        catch (Exception e) when (http.Response.HasStarted && e is (OperationCanceledException or HttpRequestException or IOException))
        {
            // Half an answer is out: a broken connection tells the caller so, an error text within it would not.
            http.Abort();
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            await RuntimeError.ModelAsync(http, 504, $"the model did not answer within {InvocationLimit.TotalSeconds} seconds");
        }
        catch (HttpRequestException e)
        {
            await RuntimeError.ModelAsync(http, 502, $"the model's process broke the connection ({e.HttpRequestError})");
        }
        catch (OperationCanceledException)
        {
            // The caller has gone; there is nobody to answer.
        }
    }

    private static async Task<byte[]?> ReadBodyAsync(HttpContext http)
    {
        if (http.Request.ContentLength > MostBodyBytes)
        {
            await RuntimeError.ValidationAsync(http, StatusCodes.Status413PayloadTooLarge, $"The body has more than {MostBodyBytes} bytes.");
            return null;
        }

        try
        {
            using var buffer = new MemoryStream((int)(http.Request.ContentLength ?? 0));
            await http.Request.Body.CopyToAsync(buffer, http.RequestAborted);
            return buffer.ToArray();
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

    private static HttpRequestMessage ToModel(HttpContext http, Uri address, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "invocations")) { Content = new ByteArrayContent(body) };
        if (http.Request.ContentType is { } type)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        foreach (var name in ForwardedToModel)
        {
            if (http.Request.Headers.TryGetValue(name, out var values))
                request.Headers.TryAddWithoutValidation(name, values.ToArray());
        }

        return request;
    }

    private static async Task AnswerAsync(HttpContext http, string variant, HttpResponseMessage answer, CancellationToken cancellation)
    {
        http.Response.Headers["x-Amzn-Invoked-Production-Variant"] = variant;
        if ((int)answer.StatusCode is < 200 or >= 300)
        {
            var text = await answer.Content.ReadAsStringAsync(cancellation);
            await RuntimeError.ModelAsync(http, (int)answer.StatusCode, text.Trim() is { Length: > 1000 } line ? line[..1000] : text.Trim());
            return;
        }

        http.Response.StatusCode = (int)answer.StatusCode;
        http.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        http.Response.ContentLength = answer.Content.Headers.ContentLength;
        if (answer.Headers.TryGetValues("X-Amzn-SageMaker-Custom-Attributes", out var attributes))
            http.Response.Headers["X-Amzn-SageMaker-Custom-Attributes"] = attributes.ToArray();
        await answer.Content.CopyToAsync(http.Response.Body, cancellation);
    }
}
