namespace Mlops.Platform.Aws.Storage;

/// <summary>The files of a data set, with their names below it; of a single file, that one.</summary>
internal static class DataFiles
{
    public static IReadOnlyList<(string Name, string Path)> Of(string path)
    {
        if (File.Exists(path))
            return [(Path.GetFileName(path), path)];
        var entries = new DirectoryInfo(path).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).ToList();
        // A link within a data set would bring in what the repository does not hold.
        if (entries.FirstOrDefault(e => e.LinkTarget is not null) is { } link)
            throw AwsErrors.LinkInData(link.FullName).ToException();
        return [.. entries.OfType<FileInfo>().Select(f => (Path.GetRelativePath(path, f.FullName).Replace('\\', '/'), f.FullName)).OrderBy(f => f.Item1, StringComparer.Ordinal)];
    }
}
