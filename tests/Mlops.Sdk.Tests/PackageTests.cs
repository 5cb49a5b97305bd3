using System.IO.Compression;
using System.Xml.Linq;

namespace Mlops.Sdk.Tests;

[Collection(PackagesCollection.Name)]
public sealed class PackageTests(PackagesFixture packages)
{
    private static readonly string[] Runtimes = ["linux-x64", "linux-arm64", "linux-musl-x64", "osx-x64", "osx-arm64", "win-x64", "win-arm64"];

    [Fact]
    public void The_SDK_package_is_small_and_has_what_resolvers_look_for()
    {
        var names = Names("Mlops.Sdk");

        Assert.True(new FileInfo(packages.Package("Mlops.Sdk")).Length <= 24 * 1024 * 1024);
        foreach (var expected in new[] { "Sdk/Sdk.props", "Sdk/Sdk.targets", "tools/net/Mlops.Tasks.dll", "tools/net/Mlops.Tasks.deps.json", "tools/host/mlops.dll", "tools/host/mlops.deps.json", "tools/host-linux-x64/mlops.dll", "tools/host-linux-x64/mlops.deps.json", "README.md", "LICENSE" })
            Assert.Contains(expected, names);
        foreach (var runtime in Runtimes)
            Assert.Contains(names, n => n.StartsWith($"tools/host/runtimes/{runtime}/native/", StringComparison.Ordinal));
        Assert.Equal(Runtimes.Length, names.Count(n => n.Contains("/native/", StringComparison.Ordinal)));
        Assert.DoesNotContain(names, n => n.Contains("Microsoft.Build", StringComparison.Ordinal));
    }

    [Fact]
    public void The_folder_that_build_tasks_load_holds_YamlDotNet_and_ours() =>
        Assert.Equal(
            ["Mlops.Compilation.dll", "Mlops.Configuration.dll", "Mlops.Definitions.dll", "Mlops.Tasks.dll", "YamlDotNet.dll"],
            Names("Mlops.Sdk").Where(n => n.StartsWith("tools/net/", StringComparison.Ordinal) && n.EndsWith(".dll", StringComparison.Ordinal)).Select(n => n["tools/net/".Length..]).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("Mlops.Sdk", "MSBuildSdk")]
    [InlineData("Mlops.Templates", "Template")]
    [InlineData("mlops", "DotnetTool")]
    public void Packages_say_what_they_are_and_depend_on_nothing(string id, string type)
    {
        using var zip = ZipFile.OpenRead(packages.Package(id));
        using var stream = zip.Entries.Single(e => e.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        var nuspec = XDocument.Load(stream);

        Assert.Equal(type, nuspec.Descendants().Single(e => e.Name.LocalName == "packageType").Attribute("name")!.Value);
        Assert.DoesNotContain(nuspec.Descendants(), e => e.Name.LocalName == "dependency");
        Assert.Equal("MIT", nuspec.Descendants().Single(e => e.Name.LocalName == "license").Value);
    }

    [Fact]
    public void The_version_is_stamped_into_templates_and_SDK()
    {
        foreach (var steps in new[] { "dotnet", "python", "r", "byom" })
            Assert.Contains($"Mlops.Sdk/{packages.Version}", Read("Mlops.Templates", $"content/mlops-model/{steps}/mlops-model.csproj"), StringComparison.Ordinal);
        Assert.Contains(packages.Version, Read("Mlops.Sdk", "targets/Mlops.Defaults.props"), StringComparison.Ordinal);
    }

    private List<string> Names(string id)
    {
        using var zip = ZipFile.OpenRead(packages.Package(id));
        return [.. zip.Entries.Select(e => e.FullName)];
    }

    private string Read(string id, string file)
    {
        using var zip = ZipFile.OpenRead(packages.Package(id));
        using var reader = new StreamReader(zip.GetEntry(file)!.Open());
        return reader.ReadToEnd();
    }
}
