using System.Formats.Tar;
using System.Globalization;
using System.Text;
using Mlops.Compilation.Bundles;
using Mlops.Configuration.Diagnostics;
using Mlops.Definitions;

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
        foreach (var artifact in result.Artifacts.Where(a => a.Name.EndsWith(".json", StringComparison.Ordinal) || a.Name == ArtifactFiles.Graph))
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

    [SkippableFact]
    public void A_processing_step_brings_what_installs_its_requirements_and_then_becomes_its_program()
    {
        Skip.If(Conformance.Run("python3", "-m", "pip", "--version").ExitCode != 0, "No Python with pip is installed.");
        var artifacts = Compile(Path.Combine(Folder, "python-minimal")).Artifacts;
        using var folder = TestFolder.Temporary();
        Directory.CreateDirectory(folder.File("code"));
        TarFile.ExtractToDirectory(new MemoryStream(artifacts.Single(a => a.Name == "source/preprocess.tar").Content.ToArray()), folder.File("code"), overwriteFiles: true);
        Assert.Equal(["mlops_step.py", "preprocess.py", "requirements.txt"], Directory.GetFiles(folder.File("code")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("\"/opt/ml/processing/input/code/mlops_step.py\",", Encoding.UTF8.GetString(artifacts.Single(a => a.Name == "pipeline.json").Content.Span), StringComparison.Ordinal);
        folder.Write("code/program.py", "import sys\nprint(sys.argv[1:])\nsys.exit(3)\n");

        folder.Write("code/requirements.txt", "--no-index\n");
        var ran = Conformance.Run("python3", folder.File("code/mlops_step.py"), folder.File("code/program.py"), "--flag", "a b");
        folder.Write("code/requirements.txt", "--no-index\nno-such-package==1\n");
        var refused = Conformance.Run("python3", [folder.File("code/mlops_step.py"), folder.File("code/program.py")], start => start.Environment["SAGEMAKER_BASE_DIR"] = folder.File("ml"));

        Assert.Equal(3, ran.ExitCode);
        Assert.Contains("['--flag', 'a b']", ran.Output.Split('\n').Select(l => l.TrimEnd()));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("could not be installed", File.ReadAllText(folder.File("ml/output/message")), StringComparison.Ordinal);
    }

    [Fact]
    public void Requirements_of_steps_without_a_network_are_a_warning()
    {
        using var folder = TestFolder.Temporary();
        CopyFolder(Path.Combine(Folder, "python-minimal"), folder.Path);
        File.AppendAllText(folder.File("config.yaml"), "\naws: { network: { subnets: [subnet-12345678], security_groups: [sg-12345678], isolated: true } }\n");

        Assert.Contains(Compile(folder.Path).Diagnostics, d => d.Code == "MLOPS3065");
    }

    [Fact]
    public void An_edit_of_one_step_leaves_the_bundles_of_the_others_as_they_are()
    {
        using var folder = TestFolder.Temporary();
        CopyFolder(Path.Combine(Folder, "python-minimal"), folder.Path);
        var before = Compile(folder.Path).Artifacts.ToDictionary(a => a.Name, a => a.Sha256);
        File.AppendAllText(folder.File("src/evaluate.py"), "# edited\n");

        var changed = Compile(folder.Path).Artifacts.Where(a => before[a.Name] != a.Sha256).Select(a => a.Name).Order(StringComparer.Ordinal);

        Assert.Equal(["deployment.json", "manifest.json", "pipeline.json", "source/evaluate.tar"], changed); // The graph shows no code.
    }

    [Fact]
    public void Nothing_is_written_where_nothing_changes_and_what_is_old_goes()
    {
        using var folder = TestFolder.Temporary();
        var artifacts = Compile(Path.Combine(Folder, "python-minimal")).Artifacts;
        ArtifactWriter.Write(folder.Path, artifacts);
        var written = File.GetLastWriteTimeUtc(folder.File("pipeline.json"));
        var more = artifacts.Append(new Artifact("source/old.tar", "old"u8.ToArray())).ToList();
        more.RemoveAll(a => a.Name == ArtifactFiles.Manifest);
        more.Add(new Artifact(ArtifactFiles.Manifest, Encoding.UTF8.GetBytes("{\"Sha256\":{\"source/old.tar\":\"x\",\"../outside\":\"x\"}}")));
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

    [Fact]
    public void A_stand_in_that_no_step_asks_is_a_warning_at_its_name()
    {
        using var folder = TestFolder.Temporary();
        CopyFolder(Path.Combine(Folder, "python-minimal"), folder.Path);
        File.AppendAllText(folder.File("config.yaml"), "\nlocal: { stand_ins: { train: sh train.sh, trian: sh train.sh } }\n");

        var found = Assert.Single(Compile(folder.Path).Diagnostics, d => d.Code == "MLOPS3063");

        Assert.Equal(43, found.Span.Column);
        Assert.Contains("No step asks 'trian'", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_that_lies_beside_an_entry_point_and_is_left_behind_is_a_warning_with_the_folder_to_name()
    {
        using var folder = TestFolder.Temporary();
        CopyFolder(Path.Combine(Folder, "python-minimal"), folder.Path);
        folder.Write("src/common.py", "import numpy\n");
        File.AppendAllText(folder.File("src/train.py"), "\nfrom common import mean\n");

        var result = Compile(folder.Path);

        var found = Assert.Single(result.Diagnostics, d => d.Code == "MLOPS3062");
        Assert.Contains("'src/train.py' imports 'common'", found.Message, StringComparison.Ordinal);
        Assert.EndsWith("Add 'source_dir: src'.", found.Message, StringComparison.Ordinal);
        Assert.NotEmpty(result.Artifacts);
    }

    [SkippableTheory]
    [InlineData("MLOPS3025", "The code of")]
    [InlineData("MLOPS3026", "is too long for a bundle")]
    [InlineData("MLOPS3027", "'src/odd' is a link.")]
    [InlineData("MLOPS3028", "'src/odd' is a pipe, a socket or a device.")]
    public void What_no_bundle_can_hold_is_refused_where_the_step_names_its_code(string code, string message)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no pipes among its files, and links need a right.");
        using var folder = TestFolder.Temporary();
        CopyFolder(Path.Combine(Folder, "source-dir"), folder.Path);
        switch (code)
        {
            case "MLOPS3025":
                using (var large = File.Create(folder.File("src/odd")))
                    large.SetLength(BundleWriter.MostBytes + 1);
                break;
            case "MLOPS3026":
                File.WriteAllText(folder.File("src/" + new string('n', 101)), "");
                break;
            case "MLOPS3027":
                File.CreateSymbolicLink(folder.File("src/odd"), "/etc/hostname");
                break;
            default:
                Assert.Equal(0, Conformance.Run("mkfifo", folder.File("src/odd")).ExitCode);
                break;
        }

        var result = Compile(folder.Path);

        var found = result.Diagnostics.First(d => d.Severity == Severity.Error);
        Assert.Equal(code, found.Code);
        Assert.Contains(message, found.Message, StringComparison.Ordinal);
        Assert.EndsWith("entry_point: ", File.ReadLines(folder.File("config.yaml")).ElementAt(found.Span.Line - 1)[..(found.Span.Column - 1)], StringComparison.Ordinal);
        Assert.Empty(result.Artifacts);
    }

    /// <summary>The repository of a case; that of the full example lies with the language's own cases.</summary>
    /// <summary>A case's configuration; that of the full example lies beside the tests of the language.</summary>
    internal static string ConfigOf(string folder) => Path.Combine(
        File.Exists(Path.Combine(folder, "config.yaml")) ? folder : Path.Combine(TestFolder.Repository, "tests", "Mlops.Configuration.Tests", "Golden", Path.GetFileName(folder)), "config.yaml");

    private static CompileResult Compile(string folder)
    {
        var config = ConfigOf(folder);
        folder = Path.GetDirectoryName(config)!;
        var program = Path.Combine(folder, "program");
        var project = new ProgramProject(Path.Combine(folder, "model.csproj"), "Release", "net10.0", new Dictionary<string, string> { ["ContainerRuntimeIdentifier"] = "linux-x64" }, "");
        return ModelCompiler.Compile(new CompileRequest(config, Directory.Exists(program) ? program : null, "model.dll", Project: project));
    }

    [Fact]
    public void What_ignore_files_exclude_stays_out_of_a_bundle()
    {
        using var folder = TestFolder.Temporary();
        CopyFolder(Path.Combine(Folder, "source-dir"), folder.Path);
        folder.Write(".gitignore", "*.log\n/src/secret/\n!keep.log\n");
        folder.Write("src/.mlopsignore", "# what a laptop leaves behind\nscratch-?.py\nsub/**/x.bin\n");
        foreach (var file in new[] { "a.log", "keep.log", "secret/a.py", "scratch-1.py", "scratch-10.py", "sub/deep/x.bin", "sub/x.bin", "sub/y.bin" })
            folder.Write("src/" + file, "");

        var result = Compile(folder.Path);

        var added = Entries(result.Artifacts.First(a => a.Name.EndsWith("train.tar", StringComparison.Ordinal))).Except(Entries(Compile(Path.Combine(Folder, "source-dir")).Artifacts.First(a => a.Name.EndsWith("train.tar", StringComparison.Ordinal))));
        Assert.Equal([".mlopsignore", "keep.log", "scratch-10.py", "sub/y.bin"], added);
        Assert.Contains(".gitignore", result.Inputs);
    }

    [Fact]
    public void An_entry_point_that_is_excluded_is_an_error_where_it_is_named()
    {
        using var folder = TestFolder.Temporary();
        CopyFolder(Path.Combine(Folder, "source-dir"), folder.Path);
        folder.Write("src/.mlopsignore", "*.py\n");

        var found = Compile(folder.Path).Diagnostics.Where(d => d.Code == "MLOPS3072").ToList();

        Assert.NotEmpty(found);
        Assert.All(found, d => Assert.True(d.Span.Line > 1));
    }

    /// <summary>git itself is the witness: the same files, the same rules.</summary>
    [SkippableFact]
    public void Odd_patterns_exclude_what_git_excludes()
    {
        Skip.IfNot(Conformance.Run("git", "--version").ExitCode == 0, "git is not installed");
        using var folder = TestFolder.Temporary();
        CopyFolder(Path.Combine(Folder, "source-dir"), folder.Path);
        folder.Write(".gitignore", "[]a]1.txt\n[!a-y]2.txt\n[^x]3.txt\n[z-a]4.txt\n[]\n[!]\nf[.txt\n[a\\]]5.txt\n\\!6.txt\n[a-]7.txt\nq\\*.txt\n[*]8.txt\n\\*9.txt\n");
        string[] files = ["a1.txt", "]1.txt", "b1.txt", "a2.txt", "z2.txt", "x3.txt", "y3.txt", "a4.txt", "z4.txt", "f[.txt", "f.txt", "a5.txt", "]5.txt", "!6.txt", "6.txt", "-7.txt", "a7.txt", "b7.txt", "q1.txt", "q.txt", "b8.txt", "*9.txt", "a9.txt"];
        foreach (var file in files)
            folder.Write("src/" + file, "");
        Assert.Equal(0, Conformance.Run("git", "-C", folder.Path, "init", "--quiet").ExitCode);
        var ignored = Conformance.Run("git", ["-C", folder.Path, "check-ignore", .. files.Select(f => "src/" + f)]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var kept = Entries(Compile(folder.Path).Artifacts.First(a => a.Name.EndsWith("train.tar", StringComparison.Ordinal)));

        Assert.NotEmpty(ignored);
        Assert.Equal(files.Where(f => !ignored.Contains("src/" + f)).Order(StringComparer.Ordinal), kept.Intersect(files).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_credential_in_code_is_refused_with_its_line_and_masked()
    {
        using var folder = TestFolder.Temporary();
        CopyFolder(Path.Combine(Folder, "python-minimal"), folder.Path);
        var key = "AKIA" + "Q3EGUYZ7HKV2NNTB";
        folder.Write("src/train.py", $"import os\nKEY = '{key}'\nDOCUMENTED = 'AKIAIOSFODNN7EXAMPLE'\n");

        var result = Compile(folder.Path);

        var found = Assert.Single(result.Diagnostics, d => d.Severity == Severity.Error);
        Assert.Equal("MLOPS3056", found.Code);
        Assert.Contains("'src/train.py' line 2", found.Message, StringComparison.Ordinal);
        Assert.True(found.Span.Line > 1);
        Assert.DoesNotContain(key, found.Message, StringComparison.Ordinal);
        Assert.Empty(result.Artifacts);
    }

    [Fact]
    public void A_large_pipeline_compiles_and_draws()
    {
        using var folder = TestFolder.Temporary();
        CopyFolder(Path.Combine(Folder, "python-minimal"), folder.Path);
        var steps = string.Concat(Enumerable.Range(0, 60).Select(i => $"    s{i}: {{ kind: processing, entry_point: src/train.py, inputs: [{(i == 0 ? "preprocess.train" : $"s{i - 1}.o")}], outputs: [o] }}\n"));
        var config = File.ReadAllText(folder.File("config.yaml"));
        folder.Write("config.yaml", config.Replace("build:\n", "build:\n  steps:\n" + steps, StringComparison.Ordinal));

        var result = Compile(folder.Path);

        var graph = Encoding.UTF8.GetString(result.Artifacts.Single(a => a.Name == ArtifactFiles.Graph).Content.Span);
        Assert.True(graph.Split('\n').Length < 160, graph);
        Assert.Contains("s59", graph, StringComparison.Ordinal);
    }

    private static List<string> Entries(Artifact bundle)
    {
        using var reader = new TarReader(new MemoryStream(bundle.Content.ToArray()));
        var names = new List<string>();
        while (reader.GetNextEntry() is { } entry)
            names.Add(entry.Name);
        return names;
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
