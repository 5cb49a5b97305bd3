namespace Mlops.Host.Tests;

/// <summary>docker or podman where one of them starts containers here, and an image of this machine's own programs: no registry is asked.</summary>
public sealed class ContainerEngine
{
    public const string Image = "localhost/mlops-test:1";

    private static readonly string Folder = Path.Combine(TestFolder.Repository, "tests", "containers");

    private readonly string? program;

    public ContainerEngine()
    {
        program = new[] { "docker", "podman" }.FirstOrDefault(Starts);
        if (program is not null)
            return;
        // Then podman as CI's machines can have it.
        Environment.SetEnvironmentVariable("CONTAINERS_CONF", Path.Combine(Folder, "containers.conf"));
        Environment.SetEnvironmentVariable("PATH", $"{Folder}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}");
        program = Starts("podman") ? "podman" : null;
    }

    /// <summary>Skips the test where containers cannot be had.</summary>
    public void SkipWhereMissing() => Skip.If(program is null, "Neither docker nor podman starts containers here, or busybox and python3 are not installed.");

    /// <summary>Containers of the image that run now.</summary>
    public int Running() => Conformance.Run(program!, "ps", "--quiet", "--filter", $"ancestor={Image}").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private static bool Starts(string engine) => Conformance.Run(engine, "version").ExitCode == 0
        && Conformance.Run("sh", Path.Combine(Folder, "image.sh"), engine, Image).ExitCode == 0 && Conformance.Run(engine, "run", "--rm", Image, "id").ExitCode == 0;
}
