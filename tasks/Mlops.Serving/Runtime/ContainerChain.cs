namespace Mlops.Serving.Runtime;

/// <summary>A serial inference pipeline: each container's answer is the next one's request. Most models are a chain of one.</summary>
public static class ContainerChain
{
    /// <summary>Sends a request through all containers. The answer is the last one's, or the first that is no success.</summary>
    /// <param name="addresses">The base addresses of the containers' servers, in their order.</param>
    /// <param name="request">For the first, without its address.</param>
    public static async Task<HttpResponseMessage> SendAsync(HttpMessageInvoker client, IReadOnlyList<Uri> addresses, HttpRequestMessage request, CancellationToken cancellation)
    {
        request.Method = HttpMethod.Post;
        request.RequestUri = Invocations(addresses[0]);
        var answer = await client.SendAsync(request, cancellation);
        foreach (var address in addresses.Skip(1))
        {
            if (!answer.IsSuccessStatusCode)
                return answer;
            using var next = new HttpRequestMessage(HttpMethod.Post, Invocations(address));
            using (answer)
            {
                next.Content = new ByteArrayContent(await answer.Content.ReadAsByteArrayAsync(cancellation));
                next.Content.Headers.ContentType = answer.Content.Headers.ContentType;
            }

            foreach (var header in request.Headers)
                next.Headers.TryAddWithoutValidation(header.Key, header.Value);
            answer = await client.SendAsync(next, cancellation);
        }

        return answer;
    }

    private static Uri Invocations(Uri address) => new(address, "invocations");
}
