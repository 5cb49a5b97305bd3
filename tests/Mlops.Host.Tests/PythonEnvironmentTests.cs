using System.IO.Compression;

namespace Mlops.Host.Tests;

/// <summary>Programs whose packages the Python of this machine has not: requirements.txt says what to install, into an environment of the repository's own.</summary>
public sealed class PythonEnvironmentTests
{
    [SkippableFact]
    public async Task An_environment_is_made_once_and_serves_too()
    {
        SkipWithoutVenv();
        await using var repository = await UsingAsync("tiny==1.0");

        var deployed = await repository.SucceedAsync("deploy", "--stage", "staging");
        Assert.Contains("installed into an environment", deployed, StringComparison.Ordinal);
        Assert.Equal("1.0", (await File.ReadAllTextAsync(repository.PathOf("seen.txt"))).Trim());
        Assert.Equal("\"tiny 1.0\"", (await repository.SucceedAsync("predict", "data/numbers.csv", "--accept", "application/json")).Trim());

        var again = await repository.SucceedAsync("deploy", "--stage", "staging");
        Assert.DoesNotContain("installed into an environment", again, StringComparison.Ordinal);
        Assert.DoesNotContain("train", again, StringComparison.Ordinal);
        Assert.Single(Directory.GetDirectories(repository.PathOf(".mlops/environments")));
    }

    [SkippableFact]
    public async Task What_pip_cannot_install_is_told_before_anything_runs()
    {
        SkipWithoutVenv();
        await using var repository = await UsingAsync("tiny==2.0");

        var (exitCode, output) = await repository.RunAsync("run");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("MLOPS6020", output, StringComparison.Ordinal);
        Assert.Contains("tiny==2.0", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(repository.PathOf(".mlops/runs")));
        Assert.Empty(Directory.GetDirectories(repository.PathOf(".mlops/environments")));
    }

    private static void SkipWithoutVenv() => Skip.If(Conformance.Run("python3", "-c", "import venv, ensurepip").ExitCode != 0, "No Python with venv and ensurepip is installed.");

    /// <summary>A repository whose programs import a package that an index of one folder has, in version 1.0.</summary>
    private static async Task<SmallRepository> UsingAsync(string requirement)
    {
        var repository = new SmallRepository();
        Directory.CreateDirectory(repository.PathOf("wheels"));
        using (var wheel = ZipFile.Open(repository.PathOf("wheels/tiny-1.0-py3-none-any.whl"), ZipArchiveMode.Create))
        {
            Add(wheel, "tiny.py", "__version__ = '1.0'\n");
            Add(wheel, "tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n");
            Add(wheel, "tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
            Add(wheel, "tiny-1.0.dist-info/RECORD", "tiny.py,,\ntiny-1.0.dist-info/METADATA,,\ntiny-1.0.dist-info/WHEEL,,\ntiny-1.0.dist-info/RECORD,,\n");
        }

        await File.WriteAllTextAsync(repository.PathOf("src/requirements.txt"), $"--no-index\n--find-links {repository.PathOf("wheels")}\n{requirement}\n");
        await File.WriteAllTextAsync(repository.PathOf("src/train.py"), $"""
            import os, tiny
            open("{repository.PathOf("seen.txt").Replace('\\', '/')}", "w").write(tiny.__version__)
            open(os.environ["SM_MODEL_DIR"] + "/model.txt", "w").write("3")
            """);
        await File.WriteAllTextAsync(repository.PathOf("src/serve.py"), """
            import tiny
            def model_fn(model_dir): return "tiny " + tiny.__version__
            def predict_fn(data, model): return model
            """);
        await repository.ChangeAsync("approval: manual, ", "");
        return repository;
    }

    private static void Add(ZipArchive archive, string name, string text)
    {
        using var writer = new StreamWriter(archive.CreateEntry(name).Open());
        writer.Write(text);
    }
}
