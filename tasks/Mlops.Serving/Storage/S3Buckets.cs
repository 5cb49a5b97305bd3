using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Mlops.Serving.Storage;

/// <summary>ListBuckets, CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation, ListObjects and ListObjectsV2.</summary>
internal sealed class S3Buckets(BucketFolders folders)
{
    private const int MostKeys = 1000;

    public Task ListAsync(HttpContext http) => S3Xml.WriteAsync(http, S3Xml.Element(
        "ListAllMyBucketsResult",
        S3Xml.Element("Owner", S3Xml.Element("ID", "local")),
        S3Xml.Element("Buckets", folders.All.Select(b => S3Xml.Element("Bucket", S3Xml.Element("Name", b.Name), S3Xml.Element("CreationDate", S3Xml.Time(b.CreationTimeUtc)))))));

    public Task Create(string bucket)
    {
        Directory.CreateDirectory(folders.Bucket(bucket));
        return Task.CompletedTask;
    }

    public Task Head(HttpContext http, string bucket)
    {
        folders.ExistingBucket(bucket);
        http.Response.Headers["x-amz-bucket-region"] = "us-east-1";
        return Task.CompletedTask;
    }

    public Task Delete(HttpContext http, string bucket)
    {
        if (folders.Objects(bucket, "").Any())
            throw new S3Error(409, "BucketNotEmpty", $"The bucket '{bucket}' is not empty.");
        Directory.Delete(folders.ExistingBucket(bucket), recursive: true);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    public Task LocationAsync(HttpContext http, string bucket)
    {
        folders.ExistingBucket(bucket);
        return S3Xml.WriteAsync(http, S3Xml.Element("LocationConstraint")); // Empty: us-east-1.
    }

    public Task ListObjectsAsync(HttpContext http, string bucket)
    {
        var query = http.Request.Query;
        var second = query["list-type"] == "2";
        var (prefix, delimiter) = (query["prefix"].ToString(), query["delimiter"].ToString());
        var after = !second ? query["marker"].ToString() : query["continuation-token"] is { Count: > 0 } token ? Decoded(token.ToString()) : query["start-after"].ToString();
        var most = int.TryParse(query["max-keys"], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? Math.Min(asked, MostKeys) : MostKeys;
        Func<string, string> shown = query["encoding-type"] == "url" ? Uri.EscapeDataString : text => text;

        var (entries, isTruncated) = Page(bucket, prefix, delimiter, after, most);
        var last = entries.Count > 0 ? entries[^1].Name : "";
        var document = S3Xml.Element("ListBucketResult", S3Xml.Element("Name", bucket), S3Xml.Element("Prefix", shown(prefix)), S3Xml.Element("MaxKeys", most), S3Xml.Element("IsTruncated", isTruncated));
        if (delimiter.Length > 0)
            document.Add(S3Xml.Element("Delimiter", shown(delimiter)));
        if (query.ContainsKey("encoding-type"))
            document.Add(S3Xml.Element("EncodingType", "url"));
        if (second)
            document.Add(S3Xml.Element("KeyCount", entries.Count), isTruncated ? S3Xml.Element("NextContinuationToken", Convert.ToBase64String(Encoding.UTF8.GetBytes(last))) : null);
        else
            document.Add(S3Xml.Element("Marker", shown(after)), isTruncated ? S3Xml.Element("NextMarker", shown(last)) : null);
        foreach (var (name, file) in entries)
        {
            document.Add(file is null
                ? S3Xml.Element("CommonPrefixes", S3Xml.Element("Prefix", shown(name)))
                : S3Xml.Element("Contents", S3Xml.Element("Key", shown(name)), S3Xml.Element("LastModified", S3Xml.Time(file.LastWriteTimeUtc)), S3Xml.Element("ETag", BucketFolders.ETag(file)), S3Xml.Element("Size", file.Length), S3Xml.Element("StorageClass", "STANDARD")));
        }

        return S3Xml.WriteAsync(http, document);
    }

    /// <summary>Objects, and common prefixes up to the delimiter (without a file), after a name.</summary>
    private (List<(string Name, FileInfo? File)> Entries, bool IsTruncated) Page(string bucket, string prefix, string delimiter, string after, int most)
    {
        var entries = new List<(string Name, FileInfo? File)>();
        foreach (var (key, file) in folders.Objects(bucket, prefix))
        {
            var end = delimiter.Length == 0 ? -1 : key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal);
            var name = end < 0 ? key : key[..(end + delimiter.Length)];
            if (Utf8Order.Compare(name, after) <= 0 || (entries.Count > 0 && entries[^1].Name == name))
                continue;
            if (entries.Count == most)
                return (entries, most > 0);
            entries.Add((name, end < 0 ? file : null));
        }

        return (entries, false);
    }

    private static string Decoded(string token)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(token));
        }
        catch (FormatException)
        {
            throw new S3Error(400, "InvalidArgument", "The continuation token is not one of this server's.");
        }
    }
}
