using Mlops.Compilation;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Aws.Tests;

/// <summary>A built model repository, and the verbs on it as a new process would carry them out.</summary>
internal sealed class ModelRepository : IDisposable
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    /// <summary>The stand-in is done at once: nobody needs to wait for it.</summary>
    static ModelRepository() => Waits.First = TimeSpan.FromMilliseconds(5);

    /// <param name="name">A golden case of the compiler.</param>
    public ModelRepository(string name, Func<string, string>? change = null)
    {
        var from = Path.Combine(TestFolder.Repository, "tests", "Mlops.Compilation.Tests", "Golden", name);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(from, f)).Where(f => !f.StartsWith("expected", StringComparison.Ordinal)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(file))!);
            File.Copy(Path.Combine(from, file), folder.File(file));
        }

        // How fast the stand-in answers is a matter of the machine.
        Change(c => (change ?? (other => other))(c.Replace("max_latency: 500ms", "max_latency: 60s", StringComparison.Ordinal)));
    }

    public Recorder Events { get; private set; } = new();

    public string PathOf(string name) => folder.File(name);

    public Workspace Workspace => Workspace.Load(folder.Path, folder.File("built"));

    /// <summary>Edits config.yaml and builds.</summary>
    public void Change(Func<string, string> change)
    {
        var config = folder.File("config.yaml");
        File.WriteAllText(config, change(File.ReadAllText(config)));
        var result = ModelCompiler.Compile(new CompileRequest(config));
        Assert.False(result.HasErrors, string.Join('\n', result.Diagnostics));
        ArtifactWriter.Write(folder.File("built"), result.Artifacts);
    }

    /// <summary>Another program that does the same, built.</summary>
    public void Edit(string program)
    {
        File.AppendAllText(PathOf(program), "\n# Another one.\n");
        Change(c => c);
    }

    public Task<Outcome> DeployAsync(DeployOptions? options = null) => OnAsync(c => DeployVerb.RunAsync(c, options ?? new DeployOptions(), CancellationToken.None));

    public Task<Outcome> ApproveAsync(string stage, bool approve = true, string? reason = null, int? version = null) =>
        OnAsync(c => ApproveVerb.RunAsync(c, approve, version, stage, reason, CancellationToken.None));

    public Task<Outcome> DestroyAsync(DestroyOptions options) => OnAsync(c => DestroyVerb.RunAsync(c, options, CancellationToken.None));

    /// <summary>Fails with the coded error that a user would see.</summary>
    public async Task<T> OnAsync<T>(Func<VerbContext, Task<T>> verb, CancellationToken stopping = default)
    {
        Events = new Recorder();
        await using var platform = await AwsPlatform.OpenAsync(Workspace, new AwsAccess(events: Events), Events, CancellationToken.None);
        try
        {
            return await verb(new VerbContext(Workspace, platform, Events));
        }
        catch (Exception e) when (!stopping.IsCancellationRequested && platform.Explain(e) is { } problem)
        {
            throw problem.ToException();
        }
    }

    /// <summary>The coded error of a verb that must fail.</summary>
    public async Task<Problem> FailAsync(Func<Task> verb) => (await Assert.ThrowsAsync<PlatformException>(verb)).Problem;

    public void Dispose() => folder.Dispose();
}
