using Mlops.Configuration.Binding;
using Mlops.Configuration.Checks;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration;

/// <summary>A config.yaml that was read: the model where there is one, and all diagnostics in the order of the text.</summary>
/// <param name="Config">Null where the text is not YAML. Where <see cref="HasErrors"/>, not fit to be compiled.</param>
/// <param name="Inputs">The files, relative to the repository, that the result depends on beside config.yaml.</param>
public sealed record ConfigurationResult(
    string Path, SourceText? Source, ModelConfig? Config, IReadOnlyList<Diagnostic> Diagnostics, IReadOnlyList<string> Inputs)
{
    public bool HasErrors => Diagnostics.Any(d => d.Severity == Severity.Error);
}

/// <summary>The front end: bytes, text, nodes, typed sections, checks. A user's mistake is a diagnostic, never an exception.</summary>
public static class ConfigurationReader
{
    /// <param name="path">Of the config.yaml; its folder is the repository.</param>
    /// <param name="overrides">Values that are given in place of the file's; null: none.</param>
    public static ConfigurationResult Read(string path, Overrides? overrides = null)
    {
        var diagnostics = new DiagnosticBag();
        if (ReadBytes(path, diagnostics) is not { } bytes)
            return new(path, null, null, diagnostics.InOrder(), []);
        return Read(path, bytes, new RepositoryFiles(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!), overrides);
    }

    /// <summary>Reads bytes that stand for the file at <paramref name="path"/>.</summary>
    public static ConfigurationResult Read(string path, ReadOnlySpan<byte> bytes, RepositoryFiles files, Overrides? overrides = null)
    {
        var diagnostics = new DiagnosticBag();
        var source = SourceText.Decode(path, bytes, diagnostics);
        var root = source is null ? null : YamlReader.Read(source, diagnostics);
        if (root is not null && overrides is not null)
            root = overrides.Apply(root);
        var config = root is null ? null : (ModelConfig?)new SectionConverter(typeof(ModelConfig)).Convert(root, "config.yaml", diagnostics);
        if (config is not null)
        {
            ConfigChecker.Check(config, files, diagnostics);
            SecretChecks.CheckNames(root!, diagnostics);
        }

        if (overrides is not null)
            diagnostics.Replace(overrides.Place);
        if (source is not null)
        {
            SecretChecks.CheckText(source, diagnostics);
            SecretChecks.Redact(source, diagnostics);
        }

        return new(path, source, config, diagnostics.InOrder(), files.Used);
    }

    /// <summary>config.yml, Config.yaml, config.yaml.txt: what editors and habits make of the name.</summary>
    private static string? Similar(FileInfo wanted)
    {
        var name = System.IO.Path.GetFileNameWithoutExtension(wanted.Name);
        string[] meant = [wanted.Name, name + ".yml", wanted.Name + ".txt"];
        return wanted.Directory is { Exists: true } folder ? folder.EnumerateFiles().Select(f => f.Name).Order(StringComparer.Ordinal).FirstOrDefault(n => meant.Contains(n, StringComparer.OrdinalIgnoreCase)) : null;
    }

    private static byte[]? ReadBytes(string path, DiagnosticBag diagnostics)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
                diagnostics.Add(Directory.Exists(path) ? Errors.FileUnreadable("it is a folder.") : Errors.FileNotFound(System.IO.Path.GetFileName(path), Similar(file)));
            else if (!RegularFile.IsOne(path))
                diagnostics.Add(Errors.FileUnreadable("it is a pipe or a socket."));
            else if (file.Length > Limits.Bytes)
                diagnostics.Add(Errors.FileTooLarge(file.Length));
            else
                return ReadAtMost(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            diagnostics.Add(Errors.FileUnreadable(e.Message));
        }

        return null;
    }

    /// <summary>A pipe or a device has no length and no end: never more than the limit and one byte, which then is too much.</summary>
    private static byte[] ReadAtMost(FileInfo file)
    {
        using var stream = file.OpenRead();
        // What has a length gets that much, and a byte to see that it ends there.
        var buffer = new byte[(file.Length > 0 ? file.Length : Limits.Bytes) + 1];
        return buffer[..stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
    }
}
