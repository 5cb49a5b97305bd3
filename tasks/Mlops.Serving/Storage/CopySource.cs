using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Mlops.Serving.Storage;

/// <summary>What a request copies from: x-amz-copy-source, [/]BUCKET/KEY, URL-encoded, and x-amz-copy-source-range, bytes=FIRST-LAST.</summary>
internal static class CopySource
{
    private const string Header = "x-amz-copy-source";
    private const string IfMatch = Header + "-if-match";

    public static bool IsIn(HttpRequest request) => request.Headers.ContainsKey(Header);

    public static FileInfo Of(HttpRequest request, BucketFolders folders)
    {
        if (request.Headers.Keys.FirstOrDefault(k => k.StartsWith(Header + "-if-", StringComparison.OrdinalIgnoreCase) && !k.Equals(IfMatch, StringComparison.OrdinalIgnoreCase)) is { } condition)
            throw S3Error.NotImplemented($"A copy with {condition}");
        var name = Uri.UnescapeDataString(request.Headers[Header].ToString().TrimStart('/'));
        var source = name.Split('/', 2) is [var bucket, { Length: > 0 } key] ? folders.ExistingFile(bucket, key) : throw new S3Error(400, "InvalidArgument", $"{Header} is BUCKET/KEY.");
        if (request.Headers[IfMatch].ToString() is { Length: > 0 } tag && tag.Trim('"') != BucketFolders.ETag(source).Trim('"'))
            throw S3Error.PreconditionFailed($"The object '{key}' has changed.");
        return source;
    }

    /// <summary>Copies the range, or all.</summary>
    public static async Task CopyAsync(HttpRequest request, FileInfo source, Stream target)
    {
        await using var from = source.OpenRead();
        var (first, last) = Range(request, source.Length);
        from.Position = first;
        var buffer = new byte[81_920];
        for (var rest = last - first + 1; rest > 0;)
        {
            var read = await from.ReadAsync(buffer.AsMemory(0, (int)Math.Min(rest, buffer.Length)), request.HttpContext.RequestAborted);
            if (read == 0)
                return;
            await target.WriteAsync(buffer.AsMemory(0, read), request.HttpContext.RequestAborted);
            rest -= read;
        }
    }

    private static (long First, long Last) Range(HttpRequest request, long length)
    {
        var range = request.Headers[Header + "-range"].ToString();
        if (range.Length == 0)
            return (0, length - 1);
        return range.StartsWith("bytes=", StringComparison.Ordinal) && range[6..].Split('-') is [var first, var last]
            && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from) && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to) && from <= to && to < length
            ? (from, to)
            : throw new S3Error(416, "InvalidRange", $"{Header}-range is bytes=FIRST-LAST, within the object's {length} bytes.");
    }
}
