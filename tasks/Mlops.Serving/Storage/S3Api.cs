using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mlops.Serving.Storage;

/// <summary>
/// Amazon S3's HTTP over a folder of this machine, for step programs that talk to S3 themselves: path-style addresses, for one
/// access key. What an object's file cannot hold (metadata, versions, access lists) is not kept; checksums and signatures are not
/// recomputed, since nothing leaves this machine.
/// </summary>
/// <param name="folder">With a folder for each bucket.</param>
/// <param name="uploads">For what is not complete yet; on the same volume.</param>
/// <param name="accessKey">Of those who may ask.</param>
public sealed partial class S3Api(string folder, string uploads, string accessKey)
{
    private static readonly string[] KnownParameters = ["list-type", "prefix", "delimiter", "marker", "max-keys", "encoding-type", "continuation-token", "start-after", "fetch-owner", "AWSAccessKeyId", "Signature", "Expires", "x-id", "partNumber", "uploadId", "location", "delete", "uploads"];

    private readonly S3Buckets buckets = new(new BucketFolders(folder, uploads));
    private readonly S3Objects objects = new(new BucketFolders(folder, uploads));
    private readonly S3Uploads multipart = new(new BucketFolders(folder, uploads));

    public async Task InvokeAsync(HttpContext http)
    {
        http.Response.Headers["x-amz-request-id"] = Guid.NewGuid().ToString("N")[..16].ToUpperInvariant();
        try
        {
            if (!LoopbackOnly.Allows(http.Request, fromContainers: true) || KeyOf(http.Request) != accessKey)
                throw S3Error.Denied();
            await RouteAsync(http);
        }
        catch (S3Error e) when (!http.Response.HasStarted)
        {
            await e.WriteAsync(http);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !http.Response.HasStarted)
        {
            await new S3Error(500, "InternalError", e.Message).WriteAsync(http);
        }
    }

    private Task RouteAsync(HttpContext http)
    {
        // As it was sent: ASP.NET Core's own path has its dot segments resolved, and a key is no path.
        var path = Uri.UnescapeDataString(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0]);
        var slash = path.IndexOf('/', 1);
        var (bucket, key) = slash < 0 ? (path[1..], "") : (path[1..slash], path[(slash + 1)..]);
        var query = http.Request.Query;
        if (query.Keys.FirstOrDefault(k => !KnownParameters.Contains(k, StringComparer.Ordinal) && !k.StartsWith("X-Amz-", StringComparison.OrdinalIgnoreCase) && !k.StartsWith("response-", StringComparison.Ordinal)) is { } other)
            throw S3Error.NotImplemented($"'?{other}'");
        var method = http.Request.Method;
        return (method, bucket, key) switch
        {
            ("GET", "", _) => buckets.ListAsync(http),
            ("PUT", _, "") => buckets.Create(bucket),
            ("HEAD", _, "") => buckets.Head(http, bucket),
            ("DELETE", _, "") => buckets.Delete(http, bucket),
            ("GET", _, "") when query.ContainsKey("location") => buckets.LocationAsync(http, bucket),
            ("GET", _, "") when !query.ContainsKey("uploads") => buckets.ListObjectsAsync(http, bucket),
            ("POST", _, "") when query.ContainsKey("delete") => objects.DeleteManyAsync(http, bucket),
            ("POST", _, not "") when query.ContainsKey("uploads") => multipart.CreateAsync(http, bucket, key),
            ("POST", _, not "") when query.ContainsKey("uploadId") => multipart.CompleteAsync(http, bucket, key),
            ("PUT", _, _) when query.ContainsKey("uploadId") => multipart.PutPartAsync(http),
            ("GET", _, not "") when query.ContainsKey("uploadId") => multipart.ListPartsAsync(http, bucket, key),
            ("DELETE", _, _) when query.ContainsKey("uploadId") => multipart.Abort(http),
            ("PUT", _, _) when CopySource.IsIn(http.Request) => objects.CopyAsync(http, bucket, key),
            ("PUT", _, _) => objects.PutAsync(http, bucket, key),
            ("GET" or "HEAD", _, not "") => objects.GetAsync(http, bucket, key),
            ("DELETE", _, _) => objects.Delete(http, bucket, key),
            _ => throw S3Error.NotImplemented($"{method} {path}"),
        };
    }

    /// <summary>The access key that signed a request, by header or by its address.</summary>
    private static string? KeyOf(HttpRequest request)
    {
        // Presigned addresses: of signature version 4, or of version 2, which boto3 still makes by default.
        var presigned = request.Query["X-Amz-Credential"].ToString().Split('/')[0] + request.Query["AWSAccessKeyId"];
        return presigned.Length > 0 ? presigned : Credential().Match(request.Headers.Authorization.ToString()) is { Success: true } match ? match.Groups[1].Value : null;
    }

    [GeneratedRegex("^AWS4-HMAC-SHA256 .*?Credential=([^/,]+)/")]
    private static partial Regex Credential();
}
