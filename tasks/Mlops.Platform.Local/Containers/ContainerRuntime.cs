using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Containers;

/// <summary>docker or podman, by their common command line ('local.sandbox: docker').</summary>
internal sealed class ContainerRuntime
{
    /// <summary>Where SageMaker's containers listen.</summary>
    public const int ServingPort = 8080;

    private const string ContainerFile = "container";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly Lazy<ContainerRuntime?> Answering = new(() => new[] { "docker", "podman" }.Select(Programs.Find).OfType<string>().Select(p => new ContainerRuntime(p)).FirstOrDefault(r => r.Ask("version")));

    private readonly string program;

    private ContainerRuntime(string program) => this.program = program;

    /// <summary>The first that is installed and whose engine answers; looked for once.</summary>
    /// <exception cref="PlatformException">MLOPS6039: there is none.</exception>
    public static ContainerRuntime Current => Answering.Value ?? throw LocalErrors.NoContainers().ToException();

    /// <summary>The name by which a container finds what listens on this machine. An engine in a virtual machine has another loopback than its user.</summary>
    public static string HostName => OperatingSystem.IsLinux() ? "127.0.0.1" : "host.docker.internal";

    /// <summary>The command that starts a container, and lasts as long.</summary>
    public IReadOnlyList<string> Command(ContainerRun run)
    {
        var command = new List<string> { program, "run", "--rm", "--cidfile", Path.Combine(run.Folder, ContainerFile), "--security-opt", "label=disable" };
        if (run.IsIsolated)
            command.AddRange(["--network", "none"]);
        else if (run.Port is { } port)
            command.AddRange(["--publish", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}:{ServingPort}")]);
        else if (OperatingSystem.IsLinux())
            command.AddRange(["--network", "host"]); // What this machine offers on loopback, S3 among it, is found.
        if (run.WorkingDirectory is { } folder)
            command.AddRange(["--workdir", folder]);
        command.AddRange(run.Hosts.SelectMany(h => new[] { "--add-host", $"{h.Name}:{h.Address}" }));
        command.AddRange(run.Mounts.OrderBy(m => m.Key, StringComparer.Ordinal).SelectMany(m => new[] { "--volume", $"{m.Value}:{m.Key}" }));
        command.AddRange(run.Variables.Order(StringComparer.Ordinal).SelectMany(v => new[] { "--env", v }));
        if (run.Entrypoint is [var entry, ..])
            command.AddRange(["--entrypoint", entry]);
        return [.. command, run.Image, .. run.Entrypoint.Skip(1), .. run.Arguments];
    }

    /// <summary>Ends the containers whose names lie in a folder or below it.</summary>
    public static void EndBelow(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, ContainerFile, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }))
            End(file);
    }

    /// <summary>Ends the container whose name lies in a folder, if it goes on without the program that started it.</summary>
    public static void EndIn(string folder)
    {
        var file = Path.Combine(folder, ContainerFile);
        if (File.Exists(file))
            End(file);
    }

    private static void End(string file)
    {
        // Ended at once: podman's 'rm' alone would give it ten seconds more.
        if (File.ReadAllText(file).Trim() is { Length: > 0 } id && Answering.Value is { } runtime && runtime.Ask("kill", id))
            runtime.Ask("rm", "--force", id);
        File.Delete(file);
    }

    /// <summary>
    /// Makes what a container wrote this user's: an engine that runs as root leaves files of root's. Where containers run as their user, nothing is to be done.
    /// </summary>
    /// <param name="image">That has 'chown', as the job's own most often does.</param>
    public void Own(string image, string folder)
    {
        if (!OperatingSystem.IsLinux() || Environment.IsPrivilegedProcess)
            return;
        if (Run("id", ["-u"]) is (0, var user) && Run("id", ["-g"]) is (0, var group) && Run("find", [folder, "!", "-uid", user.Trim(), "-print", "-quit"]) is (0, { Length: > 0 }))
            Ask("run", "--rm", "--user", "0", "--network", "none", "--volume", $"{folder}:/opt/ml", "--entrypoint", "chown", image, "-R", $"{user.Trim()}:{group.Trim()}", "/opt/ml");
    }

    private bool Ask(params string[] arguments) => Run(program, arguments).ExitCode == 0;

    private static (int ExitCode, string Output) Run(string program, string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
            CleanEnvironment.Apply(start.Environment);
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            _ = process.StandardError.ReadToEndAsync();
            if (process.WaitForExit(Patience))
                return (process.ExitCode, output.GetAwaiter().GetResult());
            process.Kill();
        }
        catch (Win32Exception)
        {
            // It is not installed.
        }

        return (-1, "");
    }
}
