using System.Buffers;
using System.Text.RegularExpressions;

namespace Mlops.Platform.Local.Processes;

/// <summary>/opt/ml itself, as a container has it: a mount that the program alone sees (mount_namespaces(7), user_namespaces(7)). Linux, and where the kernel lets a user do it.</summary>
internal static partial class MountedPaths
{
    private const string Root = "/opt/ml";
    private const string Hosts = "/etc/hosts";
    private const long LongestCode = 1L << 20;

    /// <summary>
    /// Where /opt has no 'ml' and cannot be given one, an overlay adds a link to the folder; where that cannot be (mounts below /opt would be hidden, an old kernel), a new /opt
    /// shows what the old one holds, entry by entry, which takes twice as long.
    /// </summary>
    private const string Script = """
        set -e
        base=$1 old=$2 hosts=$3 overlay=$4
        shift 4
        if [ -d /opt/ml ]; then
          mount --bind "$base" /opt/ml
        elif [ -z "$overlay" ] || ! mount -t overlay overlay -o "lowerdir=$overlay:/opt" /opt 2>/dev/null; then
          mkdir -p "$old"
          mount --rbind /opt "$old"
          mount -t tmpfs -o mode=755 tmpfs /opt
          for entry in "$old"/*; do
            name=${entry##*/}
            if [ -L "$entry" ]; then cp -P "$entry" "/opt/$name"
            elif [ -d "$entry" ]; then mkdir "/opt/$name"; mount --rbind "$entry" "/opt/$name"
            elif [ -e "$entry" ]; then : > "/opt/$name"; mount --bind "$entry" "/opt/$name"
            fi
          done
          mkdir /opt/ml
          mount --bind "$base" /opt/ml
        fi
        if [ -n "$hosts" ]; then mount --bind "$hosts" /etc/hosts; fi
        exec "$@"
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly SearchValues<char> WordEnds = SearchValues.Create(" \t\r\n;&|<>()'\"`");

    private static readonly string[] CodeExtensions = [".py", ".sh", ".r", ".ipynb", ".jl", ".js", ".pl"];

    private static readonly Lazy<bool> HasMountsBelow = new(() => File.ReadLines("/proc/self/mountinfo").Any(l => l.Split(' ') is [_, _, _, _, var point, ..] && point.StartsWith("/opt/", StringComparison.Ordinal)));

    private static readonly Lazy<bool> Works = new(Try);

    /// <summary>What starts a program in namespaces of its own, in which it may mount.</summary>
    public static IReadOnlyList<string> Unshare => [Programs.Find("unshare") ?? "unshare", "--user", "--map-root-user", "--mount"];

    /// <summary>Whether this system can do it; asked once.</summary>
    public static bool Possible => Works.Value;

    /// <summary>Whether an overlay of the folder's can show all that /opt holds.</summary>
    public static bool CanOverlay(string folder) => !Directory.Exists(Root) && !HasMountsBelow.Value && folder.IndexOfAny([':', ',', '\\']) < 0;

    /// <summary>Whether a program names the path, and not only as what to do without SAGEMAKER_BASE_DIR.</summary>
    /// <param name="command">Its arguments name the program's file, or are a shell's words with such names among them.</param>
    /// <param name="folder">In which it is started: a stand-in's file has a name from there.</param>
    public static bool AreNamed(IReadOnlyList<string> command, string baseFolder, string folder)
    {
        // What could not be mapped ('cd /opt/ml&&ls'), and a path that a shell would part into two.
        if (command.Any(a => Named().IsMatch(a.Replace(baseFolder, "", StringComparison.Ordinal))) || (!PlainPath().IsMatch(baseFolder) && command.Any(IsOfShell) && command.Any(a => a.IndexOf(baseFolder, StringComparison.Ordinal) > 0)))
            return true;
        var within = command.SelectMany(a => Words(a, baseFolder)).Where(File.Exists).Distinct(StringComparer.Ordinal).ToList();
        var beside = within.SelectMany(f => Directory.EnumerateFiles(Path.GetDirectoryName(f)!, "*", SearchOption.AllDirectories)).Where(f => CodeExtensions.Contains(Path.GetExtension(f).ToLowerInvariant()));
        var outside = command.Select(a => Path.Combine(folder, a)).Where(f => !f.StartsWith(baseFolder, StringComparison.Ordinal) && CodeExtensions.Contains(Path.GetExtension(f).ToLowerInvariant()) && File.Exists(f));
        return within.Concat(beside).Concat(outside).Distinct(StringComparer.Ordinal).Select(TextOf)
            .Any(text => text.Contains(Root, StringComparison.Ordinal) && !text.Contains("SAGEMAKER_BASE_DIR", StringComparison.Ordinal));
    }

    /// <summary>Of a file that may be a program; of what is none, or may not be read, nothing.</summary>
    private static string TextOf(string file)
    {
        try
        {
            // A pipe has no length, and whoever opens it waits for a writer.
            return new FileInfo(file).Length is > 0 and <= LongestCode ? File.ReadAllText(file) : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>A path below the folder as one whole argument, blanks and all, or as a word of one.</summary>
    private static IEnumerable<string> Words(string argument, string baseFolder)
    {
        if (argument.StartsWith(baseFolder, StringComparison.Ordinal))
            yield return argument;
        for (var at = argument.IndexOf(baseFolder, StringComparison.Ordinal); at >= 0; at = argument.IndexOf(baseFolder, at + baseFolder.Length, StringComparison.Ordinal))
        {
            var end = argument.AsSpan(at).IndexOfAny(WordEnds);
            yield return end < 0 ? argument[at..] : argument.Substring(at, end);
        }
    }

    /// <summary>The command that starts another one with a folder mounted at /opt/ml. It stays one process: signals reach the program.</summary>
    /// <param name="hosts">Names that the program alone finds, beside those of /etc/hosts.</param>
    /// <param name="environment">That the program is started with.</param>
    public static IReadOnlyList<string> Wrap(IReadOnlyList<string> command, string baseFolder, IReadOnlyList<(string Name, string Address)> hosts, IReadOnlyDictionary<string, string> environment)
    {
        var parent = Path.GetDirectoryName(baseFolder)!;
        var names = "";
        if (hosts.Count > 0)
        {
            names = Path.Combine(parent, ".hosts");
            File.WriteAllLines(names, [.. File.Exists(Hosts) ? File.ReadLines(Hosts) : [], .. hosts.Select(h => $"{h.Address} {h.Name}")]);
        }

        var overlay = "";
        if (!HasMountsBelow.Value && baseFolder.IndexOfAny([':', ',', '\\']) < 0)
        {
            overlay = Directory.CreateDirectory(Path.Combine(parent, ".overlay")).FullName;
            if (!Directory.Exists(Path.Combine(overlay, "ml")))
                Directory.CreateSymbolicLink(Path.Combine(overlay, "ml"), baseFolder);
        }

        // A shell hands on only what could be variables of its own: SM_CHANNEL_MY-DATA could not.
        var lost = environment.Where(v => !ShellName().IsMatch(v.Key)).Select(v => $"{v.Key}={v.Value}").ToList();
        if (lost.Count > 0)
            command = [Programs.Find("env") ?? "env", .. lost, Programs.Find(command[0]) ?? command[0], .. command.Skip(1)];

        return [.. Unshare, "/bin/sh", "-c", Script, "mlops", baseFolder, Path.Combine(parent, ".opt"), names, overlay, Programs.Find(command[0]) ?? command[0], .. command.Skip(1)];
    }

    /// <summary>-c of a shell, alone or with others (-lc): a command follows.</summary>
    private static bool IsOfShell(string argument) => argument is ['-', not '-', ..] && argument.EndsWith('c');

    /// <summary>The path itself, also behind file:// and an option's letter (-I/opt/ml/code): not a part of another one, such as s3://bucket/opt/ml or /opt/mlflow.</summary>
    [GeneratedRegex(@"(?:(?<![\w/.-])|(?<=file://)|(?<=(?<!\S)-[A-Za-z]))/opt/ml(?![\w.-])")]
    private static partial Regex Named();

    [GeneratedRegex("^[A-Za-z0-9_./+-]*$")]
    private static partial Regex PlainPath();

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex ShellName();

    private static bool Try()
    {
        if (!OperatingSystem.IsLinux() || Programs.Find("unshare") is null)
            return false;
        var folder = Directory.CreateTempSubdirectory("mlops-");
        try
        {
            var command = Wrap(["true"], folder.CreateSubdirectory("ml").FullName, [], new Dictionary<string, string>());
            return ShortProgram.Run(command[0], [.. command.Skip(1)], Patience) is (0, _, _);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
