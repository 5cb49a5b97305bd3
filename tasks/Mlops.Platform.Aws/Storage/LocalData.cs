namespace Mlops.Platform.Aws.Storage;

/// <summary>A data set as it lies on this machine.</summary>
internal sealed record LocalDataSet(IReadOnlyList<DataFile> Files, string Sha256);

/// <summary>The data sets of this machine. To read one takes as long as the first answers of AWS: it is begun beside those.</summary>
internal sealed class LocalData(string repository)
{
    private readonly HashCache hashes = new(repository);
    private readonly Dictionary<string, Task<LocalDataSet>> begun = new(StringComparer.Ordinal);

    /// <summary>Begins to read what is there, one after another: they lie on one disk.</summary>
    public void Begin(IEnumerable<string> paths)
    {
        Task before = Task.CompletedTask;
        foreach (var path in paths.Where(Path.Exists).Distinct(StringComparer.Ordinal))
            before = begun[path] = before.ContinueWith(_ => Read(path), TaskScheduler.Default);
    }

    /// <summary>Time has passed: what was read may be of before.</summary>
    public void Forget() => begun.Clear();

    public Task<LocalDataSet> ReadAsync(string path) => begun.Remove(path, out var reading) ? reading : Task.FromResult(Read(path));

    /// <summary>As it is now.</summary>
    public string HashOf(string path) => hashes.HashOf(path);

    private LocalDataSet Read(string path) => new(DataFiles.Of(path), hashes.HashOf(path));
}
