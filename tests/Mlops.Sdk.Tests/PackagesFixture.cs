using Mlops.Quickstart;

namespace Mlops.Sdk.Tests;

/// <summary>Packs once; each test has an empty folder of its own, all share a package cache that holds nothing of an earlier pack.</summary>
public sealed class PackagesFixture : IAsyncLifetime
{
    private static readonly string Cache = Path.Combine(Sandbox.Repository, "artifacts", "test-packages");

    private readonly List<Sandbox> sandboxes = [];
    private int number;

    public string Feed { get; } = Path.Combine(Sandbox.Repository, "artifacts", "packages");

    /// <summary>The version of the packages that were made.</summary>
    public string Version => Path.GetFileNameWithoutExtension(Package("Mlops.Sdk"))["Mlops.Sdk.".Length..];

    public string Package(string id) => Directory.GetFiles(Feed, id + ".*.nupkg").Single(f => char.IsDigit(Path.GetFileName(f)[id.Length + 1]));

    public async Task InitializeAsync()
    {
        if (Directory.Exists(Feed))
            Directory.Delete(Feed, recursive: true);
        (await Sandbox.PackAsync(show: false)).Succeeded();
        await SandboxAsync(); // The one that empties the cache of packages of an earlier pack.
    }

    /// <summary>A new user's empty folder, with the templates installed.</summary>
    public async Task<Sandbox> SandboxAsync()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"mlops-e2e-{Environment.ProcessId}", $"{Interlocked.Increment(ref number)}");
        var sandbox = Sandbox.Create(folder, Cache, freshPackages: number == 1);
        sandboxes.Add(sandbox);
        (await sandbox.InstallTemplatesAsync()).Succeeded();
        return sandbox;
    }

    /// <summary>A scaffolded repository: C#, where the options do not say otherwise.</summary>
    public async Task<Dotnet> ModelAsync(string name = "penguins", params string[] options)
    {
        var sandbox = await SandboxAsync();
        (await sandbox.NewModelAsync(name, options)).Succeeded();
        return sandbox.Dotnet.In(name);
    }

    /// <summary>A repository of scripts, without any C# file.</summary>
    public async Task<Dotnet> ScriptsAsync()
    {
        var sandbox = await SandboxAsync();
        var model = sandbox.Dotnet.In("model");
        foreach (var (file, text) in Scripts.Files(Version))
        {
            var path = Path.Combine(model.Folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, text);
        }

        return model;
    }

    public async Task DisposeAsync()
    {
        foreach (var sandbox in sandboxes)
        {
            foreach (var root in Directory.EnumerateDirectories(sandbox.Folder, ".mlops", SearchOption.AllDirectories))
                await new Dotnet(Path.GetDirectoryName(root)!, Cache).RunAsync("build", "-t:MlopsDestroy", "-v:q");
        }

        var folder = Path.Combine(Path.GetTempPath(), $"mlops-e2e-{Environment.ProcessId}");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }
}

[CollectionDefinition(Name)]
public sealed class PackagesCollection : ICollectionFixture<PackagesFixture>
{
    public const string Name = "packages";
}
