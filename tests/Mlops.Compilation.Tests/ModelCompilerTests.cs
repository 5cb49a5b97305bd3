using System.Formats.Tar;
using System.Globalization;
using System.Text;
using Mlops.Configuration.Diagnostics;

namespace Mlops.Compilation.Tests;

public sealed class ModelCompilerTests
{
    private static readonly string Folder = Path.Combine(TestFolder.Of<ModelCompilerTests>(), "Golden");

    public static TheoryData<string> Cases => [.. Directory.GetDirectories(Folder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Artifacts_are_those_of_the_golden_case(string name)
    {
        var result = Compile(Path.Combine(Folder, name));

        Assert.DoesNotContain(result.Diagnostics, d => d.Code[5] != '4');
        foreach (var artifact in result.Artifacts.Where(a => a.Name.EndsWith(".json", StringComparison.Ordinal)))
            Mlops.Tests.Golden.AssertEqual(Path.Combine(Folder, name, "expected", artifact.Name), Encoding.UTF8.GetString(artifact.Content.Span));
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void AWS_s_own_API_models_find_nothing_in_a_pipeline(string name)
    {
        Skip.If(Conformance.Folder is null || !Conformance.HasPython("botocore"), Conformance.Missing);
        using var folder = TestFolder.Temporary();
        ArtifactWriter.Write(folder.Path, Compile(Path.Combine(Folder, name)).Artifacts);

        var (exitCode, output) = Conformance.RunPython(Path.Combine(Conformance.Folder!, "check_definition.py"), "--strict", folder.File("pipeline.json"));

        Assert.True(exitCode == 0, output);
    }

    [Theory]
    [InlineData("tr-TR")]
    [InlineData("ar-SA")]
    [InlineData("th-TH")]
    public void The_same_sources_give_the_same_bytes_in_another_folder_and_locale(string culture)
    {
        var expected = Compile(Path.Combine(Folder, "python-minimal")).Artifacts;
        using var folder = TestFolder.Temporary();
        var copy = folder.File("with spaces and ünïcode");
        CopyFolder(Path.Combine(Folder, "python-minimal"), copy);
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo(culture);
            Assert.Equal(expected.Select(a => (a.Name, a.Sha256)), Compile(copy).Artifacts.Select(a => (a.Name, a.Sha256)));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_bundle_holds_the_entry_point_with_its_requirements_and_no_clock()
    {
        var bundle = Compile(Path.Combine(Folder, "python-minimal")).Artifacts.Single(a => a.Name == "source/train.tar");
        using var reader = new TarReader(new MemoryStream(bundle.Content.ToArray()));
        var entries = new List<(string, DateTimeOffset, string)>();
        while (reader.GetNextEntry() is UstarTarEntry entry)
            entries.Add((entry.Name, entry.ModificationTime, entry.UserName));

        Assert.Equal([("requirements.txt", DateTimeOffset.UnixEpoch, ""), ("train.py", DateTimeOffset.UnixEpoch, "")], entries);
    }

    [Fact]
    public void An_edit_of_one_step_leaves_the_bundles_of_the_others_as_they_are()
    {
        using var folder = TestFolder.Temporary();
        CopyFolder(Path.Combine(Folder, "python-minimal"), folder.Path);
        var before = Compile(folder.Path).Artifacts.ToDictionary(a => a.Name, a => a.Sha256);
        File.AppendAllText(folder.File("src/evaluate.py"), "# edited\n");

        var changed = Compile(folder.Path).Artifacts.Where(a => before[a.Name] != a.Sha256).Select(a => a.Name).Order(StringComparer.Ordinal);

        Assert.Equal(["deployment.json", "manifest.json", "pipeline.json", "source/evaluate.tar"], changed);
    }

    [Fact]
    public void Nothing_is_written_where_nothing_changes_and_what_is_old_goes()
    {
        using var folder = TestFolder.Temporary();
        var artifacts = Compile(Path.Combine(Folder, "python-minimal")).Artifacts;
        ArtifactWriter.Write(folder.Path, artifacts);
        var written = File.GetLastWriteTimeUtc(folder.File("pipeline.json"));
        var more = artifacts.Append(new Artifact("source/old.tar", "old"u8.ToArray())).ToList();
        more.RemoveAll(a => a.Name == ModelCompiler.ManifestFile);
        more.Add(new Artifact(ModelCompiler.ManifestFile, Encoding.UTF8.GetBytes("{\"Sha256\":{\"source/old.tar\":\"x\",\"../outside\":\"x\"}}")));
        ArtifactWriter.Write(folder.Path, more);
        folder.Write("of-the-user.txt", "");

        ArtifactWriter.Write(folder.Path, artifacts);

        Assert.Equal(written, File.GetLastWriteTimeUtc(folder.File("pipeline.json")));
        Assert.False(File.Exists(folder.File("source/old.tar")));
        Assert.True(File.Exists(folder.File("of-the-user.txt")));
    }

    [Fact]
    public void CSharp_steps_need_a_program()
    {
        var found = Assert.Single(ModelCompiler.Compile(new CompileRequest(Path.Combine(Folder, "csharp", "config.yaml"))).Diagnostics, d => d.Severity == Severity.Error);

        Assert.Equal(("MLOPS3024", 6), (found.Code, found.Span.Line));
    }

    [SkippableFact]
    public void A_link_in_a_source_folder_is_refused()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a right on Windows.");
        using var folder = TestFolder.Temporary();
        CopyFolder(Path.Combine(Folder, "source-dir"), folder.Path);
        File.CreateSymbolicLink(folder.File("src/leak.txt"), "/etc/hostname");

        var result = Compile(folder.Path);

        Assert.Contains(result.Diagnostics, d => d.Code == "MLOPS3027");
        Assert.Empty(result.Artifacts);
    }

    /// <summary>The repository of a case; that of the full example lies with the language's own cases.</summary>
    private static CompileResult Compile(string folder)
    {
        if (!File.Exists(Path.Combine(folder, "config.yaml")))
            folder = Path.Combine(TestFolder.Repository, "tests", "Mlops.Configuration.Tests", "Golden", Path.GetFileName(folder));
        var program = Path.Combine(folder, "program");
        return ModelCompiler.Compile(new CompileRequest(Path.Combine(folder, "config.yaml"), Directory.Exists(program) ? program : null, "model.dll"));
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
