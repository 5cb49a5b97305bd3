using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Mlops.Serving.Storage;

/// <summary>
/// The body of an upload. SDKs that sign or checksum while they send use "aws-chunked": SIZE[;chunk-signature=...] CRLF DATA CRLF ...,
/// a chunk of size 0, and trailers (Amazon S3 API Reference, "Signature calculations: transferring a payload in multiple chunks").
/// </summary>
internal static class AwsChunked
{
    private const int LongestLine = 4096;

    public static Task CopyAsync(HttpRequest request, Stream target, CancellationToken cancellation) =>
        request.Headers["x-amz-content-sha256"].ToString().StartsWith("STREAMING-", StringComparison.Ordinal) || request.Headers.ContentEncoding.ToString().Contains("aws-chunked", StringComparison.Ordinal)
            ? DecodeAsync(request.BodyReader, target, cancellation)
            : request.Body.CopyToAsync(target, cancellation);

    public static async Task DecodeAsync(PipeReader body, Stream target, CancellationToken cancellation)
    {
        while (true)
        {
            var size = Size(await LineAsync(body, cancellation));
            if (size == 0)
                break;
            await CopyAsync(body, size, target, cancellation);
            if ((await LineAsync(body, cancellation)).Length > 0)
                throw Broken();
        }

        // Trailers: checksums, of what came over loopback.
        while (!(await body.ReadAsync(cancellation) is var rest && rest.IsCompleted && rest.Buffer.IsEmpty))
            body.AdvanceTo(rest.Buffer.End);
    }

    private static long Size(string line) =>
        long.TryParse(line.Split(';')[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) && size >= 0 ? size : throw Broken();

    private static async Task CopyAsync(PipeReader body, long size, Stream target, CancellationToken cancellation)
    {
        while (size > 0)
        {
            var read = await body.ReadAsync(cancellation);
            if (read.Buffer.IsEmpty && read.IsCompleted)
                throw Broken();
            var part = read.Buffer.Slice(0, Math.Min(size, read.Buffer.Length));
            foreach (var memory in part)
                await target.WriteAsync(memory, cancellation);
            size -= part.Length;
            body.AdvanceTo(part.End);
        }
    }

    private static async Task<string> LineAsync(PipeReader body, CancellationToken cancellation)
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellation);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.ASCII.GetString(read.Buffer.Slice(0, end)).TrimEnd('\r');
                body.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }

            if (read.IsCompleted || read.Buffer.Length > LongestLine)
                throw Broken();
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static S3Error Broken() => new(400, "IncompleteBody", "The aws-chunked body is not as its chunks announce.");
}
