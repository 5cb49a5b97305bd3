namespace Mlops.Platform.Aws.Storage;

/// <param name="Name">Below its data set; of a data set that is one file, the file's.</param>
/// <param name="Length">In bytes.</param>
internal sealed record DataFile(string Name, string Path, long Length);

/// <summary>The files of a data set.</summary>
internal static class DataFiles
{
    public static IReadOnlyList<DataFile> Of(string path)
    {
        if (new FileInfo(path) is { Exists: true } single)
            return [new DataFile(single.Name, path, ContentHash.Meant(path).Length)];
        var entries = new DirectoryInfo(path).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).ToList();
        // A link within a data set would bring in what the repository does not hold.
        if (entries.FirstOrDefault(e => e.LinkTarget is not null) is { } link)
            throw AwsErrors.LinkInData(link.FullName).ToException();
        return [.. entries.OfType<FileInfo>().Select(f => new DataFile(Path.GetRelativePath(path, f.FullName).Replace('\\', '/'), f.FullName, f.Length)).OrderBy(f => f.Name, StringComparer.Ordinal)];
    }
}
