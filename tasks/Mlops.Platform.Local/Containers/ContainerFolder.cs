using System.Text.Json.Nodes;
using Mlops.Definitions;

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
    public IReadOnlyDictionary<string, string> Mounts => others.Prepend(Root).ToDictionary(p => p, Path, StringComparer.Ordinal);

    /// <summary>The path by which the program finds one in the container.</summary>
    public string Inside(string containerPath) => isMounted ? containerPath : Path(containerPath);

    /// <summary>Where a link of the program's leads: its own folders are these, and all else is this machine's.</summary>
    public string Resolve(string target) => (target + "/").StartsWith(Root + "/", StringComparison.Ordinal) ? Path(target) : target;

    /// <summary>The path on this machine of one in the container.</summary>
    public string Path(string containerPath)
    {
        if (!(containerPath + "/").StartsWith(Root + "/", StringComparison.Ordinal))
            others.Add(containerPath);
        var full = System.IO.Path.GetFullPath((containerPath + "/").StartsWith(Root + "/", StringComparison.Ordinal)
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
        Directory.CreateDirectory(path);
        return path;
    }
}
