using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Containers;

/// <summary>
/// A container's /opt/ml as a folder of this machine. Paths below /opt/ml in arguments and environment are mapped into it, and
/// SAGEMAKER_BASE_DIR, which SageMaker's own toolkits read, names it. Where a container runs, it sees the paths as they are.
/// </summary>
/// <param name="isMounted">The program runs in a container that has the folder mounted.</param>
internal sealed class ContainerFolder(string folder, bool isMounted)
{
    /// <summary>The name of the folder that stands for /opt/ml.</summary>
    public const string MountedName = "ml";

    private const string Root = "/opt/ml";

    private readonly SortedSet<string> others = new(StringComparer.Ordinal);

    /// <summary>What stands for /opt/ml.</summary>
    public string BaseFolder { get; } = System.IO.Path.Combine(folder, MountedName);

    /// <summary>The program runs in a container.</summary>
    public bool IsMounted => isMounted;

    /// <summary>What the program finds for /opt/ml.</summary>
    public string Shown { get; } = isMounted ? Root : System.IO.Path.Combine(folder, MountedName);

    /// <summary>Folders of this machine, by their path in a container.</summary>
    public IReadOnlyDictionary<string, string> Mounts => others.Prepend(Root).ToDictionary(p => p, Locate, StringComparer.Ordinal);

    /// <summary>The path by which the program finds one in the container.</summary>
    public string Inside(string containerPath) => isMounted ? containerPath : Path(containerPath);

    /// <summary>Where links of the program's lead: its own folders are these. All else is this machine's, which a container has no part in.</summary>
    public LinkRules Links => new(target => IsOwn(target) || (isMounted && others.Any(o => (target + "/").StartsWith(o.TrimEnd('/') + "/", StringComparison.Ordinal))) ? Locate(target) : target, isMounted ? BaseFolder : null);

    /// <summary>The path on this machine of one in the container.</summary>
    public string Path(string containerPath)
    {
        if (!IsOwn(containerPath))
            others.Add(containerPath);
        return Locate(containerPath);
    }

    /// <summary>A text that the program left in a file, at most its first characters; null: it left none. What a container made a link of is not read: it would lead about this machine.</summary>
    public string? Text(string containerPath, int most)
    {
        var path = Path(containerPath);
        // Whoever opens a pipe waits for a writer.
        if (!File.Exists(path) || (((new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true) as FileInfo) ?? new FileInfo(path)).Length == 0 && Files.IsSpecial(path)) || (isMounted && LinkOnTheWay(path) is not null))
            return null;
        var text = new char[most];
        using var reader = new StreamReader(path);
        return new string(text, 0, reader.ReadBlock(text));
    }

    /// <summary>The path of a folder that the program left. A container's is one, and no link to a place of this machine.</summary>
    public string Left(string containerPath)
    {
        var path = Path(containerPath);
        if (File.Exists(path))
            throw new DefinitionException($"The program put a file in the place of the folder '{containerPath}'.");
        return !isMounted || LinkOnTheWay(path) is not { } link ? path
            : throw new DefinitionException($"The program put a link in the place of '{Root}/{System.IO.Path.GetRelativePath(BaseFolder, link).Replace('\\', '/')}': what a container leaves are files and folders.");
    }

    private string? LinkOnTheWay(string path)
    {
        for (var at = path; at.Length > BaseFolder.Length; at = System.IO.Path.GetDirectoryName(at)!)
        {
            if (new FileInfo(at).LinkTarget is not null)
                return at;
        }

        return null;
    }

    private static bool IsOwn(string containerPath) => (containerPath + "/").StartsWith(Root + "/", StringComparison.Ordinal);

    private string Locate(string containerPath)
    {
        var full = System.IO.Path.GetFullPath(IsOwn(containerPath)
            ? System.IO.Path.Combine(BaseFolder, containerPath[Root.Length..].TrimStart('/'))
            : System.IO.Path.Combine(BaseFolder, "other", containerPath.TrimStart('/')));
        return (full + System.IO.Path.DirectorySeparatorChar).StartsWith(BaseFolder + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal) ? full : throw new DefinitionException($"The path '{containerPath}' leads out of the container's folders.");
    }

    /// <summary>Replaces /opt/ml in a text that names paths below it.</summary>
    public string Map(string text)
    {
        if (isMounted)
            return text;
        for (var at = text.IndexOf(Root, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Root, at, StringComparison.Ordinal))
        {
            var end = at + Root.Length;
            var whole = (end == text.Length || text[end] is '/' or '"' or '\'' or ',' or ' ' or ':') && (at == 0 || text[at - 1] is not '/' && !char.IsLetterOrDigit(text[at - 1]));
            // With '/', which Windows takes as well: '\\' in a JSON text is an escape.
            var replacement = whole ? BaseFolder.Replace('\\', '/') : Root;
            text = string.Concat(text.AsSpan(0, at), replacement, text.AsSpan(end));
            at += replacement.Length;
        }

        return text;
    }

    public void WriteConfig(string file, JsonNode content)
    {
        var path = Path($"{Root}/{file}");
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, Json.Write(content));
    }

    public string Make(string containerPath)
    {
        var path = Path(containerPath);
        if (File.Exists(path))
            throw new DefinitionException($"The program put a file in the place of the folder '{containerPath}'.");
        Directory.CreateDirectory(path);
        return path;
    }
}
