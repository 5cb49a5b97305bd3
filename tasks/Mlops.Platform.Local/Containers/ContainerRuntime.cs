using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Mlops.Platform.Local.Containers;

/// <summary>docker or podman, by their common command line ('local.sandbox: docker').</summary>
internal sealed partial class ContainerRuntime
{
    /// <summary>Where SageMaker's containers listen.</summary>
    public const int ServingPort = 8080;

    /// <summary>The engine's exit code where it did not come to start the program.</summary>
    private const int NotStarted = 125;

    private static readonly Lock Gate = new();
    private static ContainerRuntime? answering;

    private readonly ContainerEngine engine;

    private ContainerRuntime(ContainerEngine engine) => this.engine = engine;

    /// <summary>The first that is installed and whose engine answers.</summary>
    /// <exception cref="PlatformException">MLOPS6039: there is none.</exception>
    public static ContainerRuntime Current => Find() ?? throw LocalErrors.NoContainers().ToException();

    /// <summary>The name by which a container finds what listens on this machine. An engine in a virtual machine has another loopback than its user.</summary>
    public static string HostName => OperatingSystem.IsLinux() ? "127.0.0.1" : "host.docker.internal";

    /// <summary>The command that starts a container, and lasts as long.</summary>
    /// <exception cref="PlatformException">MLOPS6042: the image or a variable has no name that an engine takes.</exception>
    public IReadOnlyList<string> Command(ContainerRun run)
    {
        // A definition may come from anywhere: what it names is never an option of the engine.
        if (!ImageName().IsMatch(run.Image))
            throw LocalErrors.NotForContainers($"'{run.Image}' is no name of an image").ToException();
        var record = new ContainerRecord(run.Folder);
        record.Write(run.Image, Environment(run.Variables));
        var command = new List<string> { engine.Program, "run", "--rm", "--cidfile", record.IdFile, "--env-file", record.EnvironmentFile, "--security-opt", "label=disable" };
        if (run.IsIsolated)
            command.AddRange(["--network", "none"]);
        else if (run.Port is { } port)
            command.AddRange(["--publish", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}:{ServingPort}")]);
        else if (OperatingSystem.IsLinux())
            command.AddRange(["--network", "host"]); // What this machine offers on loopback, S3 among it, is found.
        command.AddRange(run.Hosts.SelectMany(h => new[] { "--add-host", $"{h.Name}:{h.Address}" }));
        command.AddRange(run.Mounts.OrderBy(m => m.Key, StringComparer.Ordinal).SelectMany(m => new[] { "--mount", ContainerEngine.Mount(m.Value, m.Key) }));
        if (run.Entrypoint is [var entry, ..])
            command.AddRange(["--entrypoint", entry]);
        return [.. command, run.Image, .. run.Entrypoint.Skip(1), .. run.Arguments];
    }

    /// <summary>What an exit code of the engine's means, for the end of a sentence.</summary>
    /// <param name="output">Its last lines.</param>
    public static string Meaning(int exitCode, string output) => exitCode != NotStarted ? ""
        : PullWords().IsMatch(output) ? " (the image was not started: is it there, or have you logged in to its registry? 'docker pull IMAGE', 'aws ecr get-login-password')"
        : " (the container was not started)";

    /// <summary>After the program has ended by itself: its files become this user's.</summary>
    public static void Leave(string folder)
    {
        var record = new ContainerRecord(folder);
        Find()?.Own(record);
        record.Delete();
    }

    /// <summary>Ends the containers that are recorded in a folder or below it, if they go on without the programs that started them.</summary>
    /// <exception cref="PlatformException">MLOPS6043: one stays.</exception>
    public static void EndBelow(string folder)
    {
        foreach (var record in ContainerRecord.Below(folder))
        {
            // Without an engine nothing runs in it.
            if (Find() is { } runtime)
            {
                if (record.Id is { } id && !runtime.engine.End(id))
                    throw LocalErrors.ContainerStays(id).ToException();
                runtime.Own(record);
            }

            record.Delete();
        }
    }

    private static ContainerRuntime? Find()
    {
        lock (Gate)
            return answering ??= ContainerEngine.Find() is { } found ? new ContainerRuntime(found) : null;
    }

    /// <summary>
    /// Makes what a container wrote this user's: an engine that runs as root leaves files of root's. Where containers run as their user, nothing is to be done.
    /// </summary>
    private void Own(ContainerRecord record)
    {
        if (OperatingSystem.IsLinux() && !System.Environment.IsPrivilegedProcess && record.Image is { } image && ImageName().IsMatch(image))
            engine.Own(image, record.MountedFolder);
    }

    private static string Environment(IReadOnlyDictionary<string, string> variables)
    {
        var lines = new StringBuilder();
        foreach (var (name, value) in variables.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (!VariableName().IsMatch(name))
                throw LocalErrors.NotForContainers($"'{name}' is no name of a variable").ToException();
            if (value.AsSpan().ContainsAny('\n', '\r'))
            {
                // A hyperparameter is in hyperparameters.json as well; what is nowhere else must not be lost in silence.
                if (name.StartsWith("SM_HP_", StringComparison.Ordinal))
                    continue;
                throw LocalErrors.NotForContainers($"The variable '{name}' has several lines").ToException();
            }

            lines.Append(name).Append('=').Append(value).Append('\n');
        }

        return lines.ToString();
    }

    [GeneratedRegex(@"^[A-Za-z0-9][\w./:@-]*\z")]
    private static partial Regex ImageName();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex VariableName();

    [GeneratedRegex(@"pull|manifest|registry|unauthorized|denied|no such image|not known", RegexOptions.IgnoreCase)]
    private static partial Regex PullWords();
}
