using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Mlops.Serving.Storage;

/// <summary>CreateMultipartUpload, UploadPart, UploadPartCopy, ListParts, CompleteMultipartUpload and AbortMultipartUpload: a folder an upload, a file a part.</summary>
internal sealed class S3Uploads(BucketFolders folders)
{
    private const int MostParts = 10_000;

    public Task CreateAsync(HttpContext http, string bucket, string key)
    {
        folders.PathOf(bucket, key);
        return S3Xml.WriteAsync(http, S3Xml.Element("InitiateMultipartUploadResult", S3Xml.Element("Bucket", bucket), S3Xml.Element("Key", key), S3Xml.Element("UploadId", Path.GetFileName(folders.NewUpload()))));
    }

    public async Task PutPartAsync(HttpContext http)
    {
        var number = int.TryParse(http.Request.Query["partNumber"], NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given is >= 1 and <= MostParts
            ? given
            : throw new S3Error(400, "InvalidArgument", $"Part numbers are 1 to {MostParts}.");
        var part = Part(Upload(http), number);
        var source = CopySource.IsIn(http.Request) ? CopySource.Of(http.Request, folders) : null;
        await using (var file = File.Create(part))
            await (source is null ? AwsChunked.CopyAsync(http.Request, file, http.RequestAborted) : CopySource.CopyAsync(http.Request, source, file));
        var written = new FileInfo(part);
        http.Response.Headers.ETag = BucketFolders.ETag(written);
        if (source is not null)
            await S3Xml.WriteAsync(http, S3Xml.Element("CopyPartResult", S3Xml.Element("ETag", BucketFolders.ETag(written)), S3Xml.Element("LastModified", S3Xml.Time(written.LastWriteTimeUtc))));
    }

    public Task ListPartsAsync(HttpContext http, string bucket, string key)
    {
        var upload = Upload(http);
        var parts = new DirectoryInfo(upload).EnumerateFiles().OrderBy(f => f.Name, StringComparer.Ordinal)
            .Select(f => S3Xml.Element("Part", S3Xml.Element("PartNumber", int.Parse(f.Name, CultureInfo.InvariantCulture)), S3Xml.Element("LastModified", S3Xml.Time(f.LastWriteTimeUtc)), S3Xml.Element("ETag", BucketFolders.ETag(f)), S3Xml.Element("Size", f.Length)));
        return S3Xml.WriteAsync(http, S3Xml.Element("ListPartsResult", S3Xml.Element("Bucket", bucket), S3Xml.Element("Key", key), S3Xml.Element("UploadId", Path.GetFileName(upload)), S3Xml.Element("IsTruncated", false), parts));
    }

    public async Task CompleteAsync(HttpContext http, string bucket, string key)
    {
        var upload = Upload(http);
        var request = await S3Xml.ReadAsync(http);
        var numbers = request.Named("Part").Select(p => int.TryParse(p.Text("PartNumber"), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : throw S3Error.Malformed("A part has no number.")).ToList();
        if (numbers.Count == 0)
            throw S3Error.Malformed("No part is named.");
        foreach (var missing in numbers.Where(n => !File.Exists(Part(upload, n))))
            throw S3Error.InvalidPart(missing);
        await folders.PutAsync(bucket, key, async file =>
        {
            foreach (var number in numbers)
            {
                await using var part = File.OpenRead(Part(upload, number));
                await part.CopyToAsync(file, http.RequestAborted);
            }
        }, S3Objects.OnlyNew(http.Request));
        Directory.Delete(upload, recursive: true);
        await S3Xml.WriteAsync(http, S3Xml.Element("CompleteMultipartUploadResult", S3Xml.Element("Bucket", bucket), S3Xml.Element("Key", key), S3Xml.Element("ETag", BucketFolders.ETag(folders.ExistingFile(bucket, key)))));
    }

    public Task Abort(HttpContext http)
    {
        Directory.Delete(Upload(http), recursive: true);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private string Upload(HttpContext http) => folders.ExistingUpload(http.Request.Query["uploadId"].ToString());

    private static string Part(string upload, int number) => Path.Combine(upload, number.ToString("D5", CultureInfo.InvariantCulture));
}
