using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Containers;

/// <summary>The command line of docker or podman, asked for its answer.</summary>
internal sealed class ContainerEngine
{
    private static readonly string[] Names = ["docker", "podman"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>A model of many files takes its time.</summary>
    private static readonly TimeSpan OwnPatience = TimeSpan.FromMinutes(5);

    private ContainerEngine(string program) => Program = program;

    public string Program { get; }

    /// <summary>The first whose engine answers; null: none does.</summary>
    public static ContainerEngine? Find() =>
        Names.Select(Programs.Find).OfType<string>().Select(p => new ContainerEngine(p)).FirstOrDefault(e => e.Ask(Patience, "version"));

    /// <summary>A value of '--mount'. It is a line of CSV, whatever is in a path.</summary>
    public static string Mount(string source, string target) => $"type=bind,{Field($"source={source}")},{Field($"target={target}")}";

    /// <summary>Ends a container at once. Returns false where it goes on. ('rm' of podman alone would give it ten seconds more.)</summary>
    public bool End(string id)
    {
        Ask(Patience, "kill", id);
        return Ask(Patience, "rm", "--force", id) || !Ask(Patience, "container", "inspect", id);
    }

    /// <summary>Gives what lies below a folder to this user, by an image that has 'chown', as most have.</summary>
    /// <exception cref="PlatformException">MLOPS6044: it could not be done.</exception>
    public void Own(string image, string folder)
    {
        if (!Directory.Exists(folder) || ShortProgram.Run("id", ["-u"], Patience) is not (0, var user, _) || ShortProgram.Run("id", ["-g"], Patience) is not (0, var group, _))
            return;
        (user, group) = (user.Trim(), group.Trim());
        if (ShortProgram.Run("find", [folder, "!", "-uid", user, "-print", "-quit"], OwnPatience) is not (0, { Length: > 0 }, _))
            return;
        if (!Ask(OwnPatience, "run", "--rm", "--user", "0", "--network", "none", "--mount", Mount(folder, "/opt/ml"), "--entrypoint", "chown", image, "-R", $"{user}:{group}", "/opt/ml"))
            throw LocalErrors.FilesOfRoot(folder).ToException();
    }

    private static string Field(string text) => text.AsSpan().ContainsAny(',', '"') ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private bool Ask(TimeSpan patience, params string[] arguments) => ShortProgram.Run(Program, arguments, patience) is (0, _, _);
}
