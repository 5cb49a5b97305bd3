using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Mlops.Serving.Storage;

/// <summary>GetObject, HeadObject, PutObject, CopyObject, DeleteObject and DeleteObjects.</summary>
internal sealed class S3Objects(BucketFolders folders)
{
    public async Task GetAsync(HttpContext http, string bucket, string key)
    {
        if (key.EndsWith('/') && Directory.Exists(folders.PathOf(bucket, key)))
        {
            http.Response.ContentLength = 0;
            return;
        }

        var file = folders.ExistingFile(bucket, key);
        // ASP.NET Core knows ranges and conditions as RFC 9110 has them, and S3 follows it.
        var result = Results.File(file.FullName, "binary/octet-stream", lastModified: file.LastWriteTimeUtc, entityTag: new EntityTagHeaderValue(BucketFolders.ETag(file)), enableRangeProcessing: true);
        await result.ExecuteAsync(http);
    }

    public async Task PutAsync(HttpContext http, string bucket, string key)
    {
        await folders.PutAsync(bucket, key, file => AwsChunked.CopyAsync(http.Request, file, http.RequestAborted), OnlyNew(http.Request));
        if (!key.EndsWith('/'))
            http.Response.Headers.ETag = BucketFolders.ETag(folders.ExistingFile(bucket, key));
    }

    /// <summary>Whether a write is to fail where there is an object ("Conditional writes"); by its ETag none is compared here.</summary>
    public static bool OnlyNew(HttpRequest request) => request.Headers.IfMatch.Count == 0 ? request.Headers.IfNoneMatch == "*" : throw S3Error.NotImplemented("A write with If-Match");

    public async Task CopyAsync(HttpContext http, string bucket, string key)
    {
        var source = CopySource.Of(http.Request, folders);
        await folders.PutAsync(bucket, key, async file =>
        {
            await using var from = source.OpenRead();
            await from.CopyToAsync(file, http.RequestAborted);
        }, OnlyNew(http.Request));
        var copy = folders.ExistingFile(bucket, key);
        await S3Xml.WriteAsync(http, S3Xml.Element("CopyObjectResult", S3Xml.Element("ETag", BucketFolders.ETag(copy)), S3Xml.Element("LastModified", S3Xml.Time(copy.LastWriteTimeUtc))));
    }

    public Task Delete(HttpContext http, string bucket, string key)
    {
        folders.Delete(bucket, key);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    public async Task DeleteManyAsync(HttpContext http, string bucket)
    {
        folders.ExistingBucket(bucket);
        var request = await S3Xml.ReadAsync(http);
        var answer = S3Xml.Element("DeleteResult");
        foreach (var key in request.Named("Object").Select(o => o.Text("Key")).OfType<string>())
        {
            try
            {
                folders.Delete(bucket, key);
                if (request.Text("Quiet") != "true")
                    answer.Add(S3Xml.Element("Deleted", S3Xml.Element("Key", key)));
            }
            catch (S3Error e)
            {
                answer.Add(S3Xml.Element("Error", S3Xml.Element("Key", key), S3Xml.Element("Code", e.Code), S3Xml.Element("Message", e.Message)));
            }
        }

        await S3Xml.WriteAsync(http, answer);
    }
}
