namespace Mlops.Serving.Storage;

/// <summary>Buckets as folders, and objects as the files in them.</summary>
/// <param name="folder">With a folder for each bucket.</param>
/// <param name="uploads">For what is not complete yet; on the same volume.</param>
internal sealed class BucketFolders(string folder, string uploads)
{
    public IEnumerable<DirectoryInfo> All => Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateDirectories().OrderBy(d => d.Name, StringComparer.Ordinal) : [];

    public string Bucket(string name) => Path.Combine(folder, Checked(name));

    public string ExistingBucket(string name) => Directory.Exists(Bucket(name)) ? Bucket(name) : throw S3Error.NoSuchBucket(name);

    /// <summary>The file of a key, or the folder of one that ends in '/', there or not.</summary>
    public string PathOf(string bucket, string key) => Path.Combine([ExistingBucket(bucket), .. key.TrimEnd('/').Split('/').Select(Checked)]);

    public FileInfo ExistingFile(string bucket, string key)
    {
        var file = new FileInfo(PathOf(bucket, key));
        return file.Exists && !key.EndsWith('/') ? file : throw S3Error.NoSuchKey(key);
    }

    /// <summary>Changes with every change of the content, and is no MD5: a "-" says so to clients that would check one.</summary>
    public static string ETag(FileInfo file) => $"\"{file.LastWriteTimeUtc.Ticks:x}{file.Length:x}-1\"";

    public string NewUpload() => Directory.CreateDirectory(Path.Combine(uploads, Guid.NewGuid().ToString("N"))).FullName;

    public string ExistingUpload(string id) =>
        Guid.TryParseExact(id, "N", out _) && Directory.Exists(Path.Combine(uploads, id)) ? Path.Combine(uploads, id) : throw S3Error.NoSuchUpload();

    /// <summary>Writes an object aside and moves it to its place: a reader sees the old or the new one, whole.</summary>
    /// <param name="onlyNew">One that is there stays, and it is refused: of several writers at once, one wins.</param>
    public async Task PutAsync(string bucket, string key, Func<Stream, Task> write, bool onlyNew = false)
    {
        var path = PathOf(bucket, key);
        var temporary = Path.Combine(Directory.CreateDirectory(uploads).FullName, Guid.NewGuid().ToString("N") + ".tmp");
        try
        {
            await using (var file = File.Create(temporary))
                await write(file);
            try
            {
                if (key.EndsWith('/'))
                {
                    // Consoles and file systems make folders so.
                    Directory.CreateDirectory(path);
                    return;
                }

                if (Directory.Exists(path))
                    throw S3Error.NameTaken(key);
                Place(temporary, path, onlyNew);
            }
            catch (IOException) when (onlyNew && File.Exists(path))
            {
                throw S3Error.PreconditionFailed($"There is an object '{key}' already.");
            }
            catch (IOException) when (IsBelowFile(key.EndsWith('/') ? path : Path.GetDirectoryName(path)))
            {
                throw S3Error.NameTaken(key);
            }
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Takes an object away, and the folders that hold nothing after it: S3 knows no empty ones.</summary>
    public void Delete(string bucket, string key)
    {
        var path = PathOf(bucket, key);
        if (!key.EndsWith('/') && File.Exists(path))
            File.Delete(path);
        var root = ExistingBucket(bucket);
        for (var parent = key.EndsWith('/') ? path : Path.GetDirectoryName(path)!; parent.Length > root.Length; parent = Path.GetDirectoryName(parent)!)
        {
            try
            {
                Directory.Delete(parent);
            }
            catch (IOException)
            {
                return; // Not empty, or not there.
            }
        }
    }

    /// <summary>All objects whose key begins with a prefix, in the order of their UTF-8 bytes, as S3 lists them.</summary>
    public IEnumerable<(string Key, FileInfo File)> Objects(string bucket, string prefix)
    {
        var root = ExistingBucket(bucket);
        var parent = prefix[..(prefix.LastIndexOf('/') + 1)];
        if (parent.Split('/')[..^1].Any(s => s is "" or "." or ".."))
            return [];
        var start = new DirectoryInfo(Path.Combine(root, parent));
        return start.Exists
            ? start.EnumerateFiles("*", SearchOption.AllDirectories)
                .Select(f => (Key: Path.GetRelativePath(root, f.FullName).Replace(Path.DirectorySeparatorChar, '/'), File: f))
                .Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal))
                .OrderBy(o => o.Key, Utf8Order.Comparer)
            : [];
    }

    private static void Place(string temporary, string path, bool onlyNew)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(temporary, path, overwrite: !onlyNew);
        }
        catch (DirectoryNotFoundException)
        {
            // The last object of that folder was deleted just now, and the folder with it.
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(temporary, path, overwrite: !onlyNew);
        }
    }

    private static bool IsBelowFile(string? folder) => folder is not null && (File.Exists(folder) || IsBelowFile(Path.GetDirectoryName(folder)));

    private static string Checked(string segment) =>
        segment is not ("" or "." or "..") && segment.Length <= 255 && segment.IndexOfAny(Path.GetInvalidFileNameChars()) < 0 && !segment.Contains('\\', StringComparison.Ordinal)
            ? segment
            : throw S3Error.InvalidName(segment);
}
