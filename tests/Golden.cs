namespace Mlops.Tests;

/// <summary>Files that hold what a test expects. MLOPS_UPDATE_GOLDEN=1 writes them anew.</summary>
internal static class Golden
{
    public static void AssertEqual(string file, string actual)
    {
        if (Environment.GetEnvironmentVariable("MLOPS_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
        }

        Assert.True(File.Exists(file), $"'{file}' is not there. Run the tests with MLOPS_UPDATE_GOLDEN=1, and read what it holds.");
        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), actual);
    }
}
