namespace Mlops.Quickstart;

/// <summary>
/// A place as a new user has it: an empty folder, a package cache and a template hive of its own, and a feed with the packages
/// that this repository makes.
/// </summary>
public sealed class Sandbox
{
    private Sandbox(string folder, string hive, Dotnet dotnet)
    {
        Folder = folder;
        Hive = hive;
        Dotnet = dotnet;
    }

    public string Folder { get; }

    public string Hive { get; }

    /// <summary>Commands in <see cref="Folder"/>.</summary>
    public Dotnet Dotnet { get; }

    /// <summary>The folder of MlopsSdk.sln.</summary>
    public static string Repository { get; } = FindRepository();

    private static string Feed => Path.Combine(Repository, "artifacts", "packages");

    /// <summary>Builds the packages. Once for all sandboxes of a process.</summary>
    public static async Task<CommandResult> PackAsync(bool show)
    {
        var dotnet = new Dotnet(Repository, DefaultPackageCache);
        string[] pack = ["pack", "-c", "Release"];
        return show ? await dotnet.ShowAsync([.. pack, "-v:q"]) : await dotnet.RunAsync(pack);
    }

    /// <param name="root">Made anew.</param>
    /// <param name="packageCache">Shared by sandboxes that use the same packages.</param>
    /// <param name="freshPackages">The cache may hold packages of an earlier build with the same version: they are forgotten.</param>
    public static Sandbox Create(string root, string packageCache, bool freshPackages = true)
    {
        if (Directory.Exists(root))
            Directory.Delete(root, recursive: true);
        Directory.CreateDirectory(root);
        foreach (var package in new[] { "mlops.sdk", "mlops.templates", "mlops" }.Select(p => Path.Combine(packageCache, p)).Where(p => freshPackages && Directory.Exists(p)))
            Directory.Delete(package, recursive: true);

        File.WriteAllText(Path.Combine(root, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="mlops" value="{Feed}" />
                <add key="nuget.org" value="https://api.nuget.org/v3/index.json" />
              </packageSources>
            </configuration>
            """);
        // Nothing of the folders above: an empty folder is what a new user has, wherever it lies.
        foreach (var file in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" })
            File.WriteAllText(Path.Combine(root, file), "<Project />\n");
        return new Sandbox(root, Path.Combine(root, "hive"), new Dotnet(root, packageCache));
    }

    public Task<CommandResult> InstallTemplatesAsync() =>
        Dotnet.RunAsync("new", "install", Directory.GetFiles(Feed, "Mlops.Templates.*.nupkg").Order(StringComparer.Ordinal).Last(), "--force", "--debug:custom-hive", Hive);

    public Task<CommandResult> NewModelAsync(string name, params string[] more) =>
        Dotnet.RunAsync(["new", "mlops-model", "-n", name, "-o", name, "--debug:custom-hive", Hive, .. more]);

    private static string DefaultPackageCache => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MlopsSdk.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("This program belongs into a checkout of the repository: no MlopsSdk.sln was found above it.");
    }
}
