using System.Reflection;

namespace Mlops.Tests;

/// <summary>Where things are in the checkout, whatever folder tests run in.</summary>
internal static class TestFolder
{
    /// <summary>The folder of MlopsSdk.sln.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The source folder of a test class's project.</summary>
    public static string Of<T>() => Path.Combine(Repository, "tests", typeof(T).Assembly.GetName().Name!);

    /// <summary>A new empty folder, removed when the test ends.</summary>
    public static TemporaryFolder Temporary() => new();

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MlopsSdk.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"There is no MlopsSdk.sln above {Assembly.GetExecutingAssembly().Location}.");
    }
}

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mlops-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string content)
    {
        var path = File(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A process that the test started may still be leaving; the system cleans its temporary folder.
        }
    }
}
