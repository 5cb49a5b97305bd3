using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace Mlops.Serving.Storage;

/// <summary>An answer of S3's that is no success: its code and status (Amazon S3 API Reference, "Error responses").</summary>
internal sealed class S3Error(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    public static S3Error NoSuchBucket(string bucket) => new(404, "NoSuchBucket", $"There is no bucket '{bucket}' in the local platform's folder s3.");

    public static S3Error NoSuchKey(string key) => new(404, "NoSuchKey", $"There is no object '{key}'.");

    public static S3Error NoSuchUpload() => new(404, "NoSuchUpload", "There is no such multipart upload: it was completed, or given up.");

    public static S3Error InvalidPart(int number) => new(400, "InvalidPart", $"Part {number} was not uploaded.");

    public static S3Error InvalidName(string name) => new(400, "InvalidArgument", $"'{name}' cannot be the name of a file on this machine: the local platform keeps objects as files.");

    public static S3Error NameTaken(string key) => new(409, "InvalidRequest", $"'{key}' is a folder here, or one of its folders is an object: the local platform keeps objects as files, and a file cannot be both.");

    public static S3Error Malformed(string what) => new(400, "MalformedXML", what);

    public static S3Error PreconditionFailed(string why) => new(412, "PreconditionFailed", why);

    public static S3Error Denied() => new(403, "AccessDenied", "This server answers the programs of one run: they find its credentials in their environment (AWS_ACCESS_KEY_ID).");

    public static S3Error NotImplemented(string what) => new(501, "NotImplemented", $"{what} is not among what the local platform's S3 does: buckets, objects, listings, copies and multipart uploads.");

    public Task WriteAsync(HttpContext http)
    {
        http.Response.StatusCode = Status;
        // A client that asked whether to go on does not send its body after this; the next request must not be taken for it.
        if (http.Request.Headers.Expect.Count > 0)
            http.Response.Headers.Connection = "close";
        return HttpMethods.IsHead(http.Request.Method)
            ? Task.CompletedTask
            : S3Xml.WriteAsync(http, new XElement("Error", new XElement("Code", Code), new XElement("Message", Message), new XElement("Resource", http.Request.Path.Value)));
    }
}
