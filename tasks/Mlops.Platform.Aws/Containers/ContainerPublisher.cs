using System.ComponentModel;
using System.Diagnostics;
using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Mlops.Definitions;

namespace Mlops.Platform.Aws.Containers;

/// <summary>
/// The .NET SDK's own container publishing (PublishContainer), as a build of its own: of the built project, into a registry. The password goes by the
/// environment that it reads (DOTNET_CONTAINER_PUSH_REGISTRY_PWORD), never by an argument or a property, which logs would keep.
/// </summary>
/// <param name="project">The project file, absolute.</param>
/// <param name="artifacts">The folder of the built files, which lies in the program's.</param>
internal sealed partial class ContainerPublisher(string project, string artifacts, ProgramContainer container)
{
    private const int ErrorsShown = 3;

    public async Task PublishAsync(RegistryLogin login, string repository, CancellationToken cancellation)
    {
        if (!File.Exists(project))
            throw AwsErrors.ContainerFailed(container.Project, "the project file is not there.").ToException();
        CheckProgram();
        // A folder of its own: what an earlier publish left does not travel.
        var published = Directory.CreateTempSubdirectory("mlops-container-");
        try
        {
            var start = new ProcessStartInfo(DotnetHost.Path, Arguments(login.Address.Authority, repository, published.FullName))
            {
                WorkingDirectory = Path.GetDirectoryName(project)!,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                CreateNoWindow = true,
            };
            SetEnvironment(start.Environment, login);
            await RunAsync(start, cancellation);
        }
        finally
        {
            try
            {
                published.Delete(recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // What led here counts; the system cleans its temporary folder.
            }
        }
    }

    /// <summary>The image holds what lies there now, and its tag says what was built into the artifacts: the same, or nothing is sent.</summary>
    private void CheckProgram()
    {
        var program = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(artifacts))!;
        using var reader = new TarReader(File.OpenRead(Path.Combine(artifacts, ArtifactFiles.Bundle(ArtifactFiles.ProgramBundleName))));
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is not { } built || !entry.Name.EndsWith(".dll", StringComparison.Ordinal))
                continue;
            var file = Path.Combine(program, entry.Name);
            if (!File.Exists(file) || !SHA256.HashData(File.ReadAllBytes(file)).AsSpan().SequenceEqual(SHA256.HashData(built)))
                throw AwsErrors.ContainerFailed(container.Project, $"'{entry.Name}' is not the one that was built into the artifacts; 'dotnet build' makes both anew.").ToException();
        }
    }

    private List<string> Arguments(string registry, string repository, string folder) =>
    [
        "publish", project, "--no-build", "--nologo", "-t:PublishContainer", "-v:minimal", "-tl:off", "-nodeReuse:false",
        "-c", container.Configuration, "-f", container.TargetFramework,
        .. container.Properties.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"-p:{p.Key}={p.Value.Replace("%", "%25", StringComparison.Ordinal).Replace(";", "%3B", StringComparison.Ordinal)}"),
        // What belongs to this place; all else the project says. The artifacts are not of the program.
        $"-p:ContainerRegistry={registry}", $"-p:ContainerRepository={repository}", "-p:ContainerImageTags=", $"-p:ContainerImageTag={container.Tag}",
        $"-p:PublishDir={folder}{Path.DirectorySeparatorChar}", "-p:MlopsPublishArtifacts=false",
    ];

    private static void SetEnvironment(IDictionary<string, string?> environment, RegistryLogin login)
    {
        foreach (var name in environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            environment.Remove(name);
        environment["DOTNET_CONTAINER_PUSH_REGISTRY_UNAME"] = login.User;
        environment["DOTNET_CONTAINER_PUSH_REGISTRY_PWORD"] = login.Password;
        environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        // AWS's own is always https; a stand-in's may not be.
        if (login.Address.Scheme == Uri.UriSchemeHttp)
            environment["DOTNET_CONTAINER_INSECURE_REGISTRIES"] = login.Address.Authority;
    }

    private async Task RunAsync(ProcessStartInfo start, CancellationToken cancellation)
    {
        using var process = Start(start);
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }

        if (process.ExitCode != 0)
            throw AwsErrors.ContainerFailed(container.Project, Reason($"{await output}\n{await errors}")).ToException();
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw AwsErrors.ContainerFailed(container.Project, $"'{start.FileName}' cannot be started: {e.Message}.").ToException();
        }
    }

    /// <summary>The errors of the build, without places and stack traces; where it names none, the last that it said.</summary>
    private static string Reason(string said)
    {
        var errors = BuildError().Matches(said).Select(m => m.Groups["text"].Value).Where(t => !t.EndsWith("task failed unexpectedly.", StringComparison.Ordinal)).Distinct().Take(ErrorsShown).ToList();
        return string.Join(' ', errors.Count > 0 ? errors : said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(ErrorsShown));
    }

    /// <summary>PLACE: error CODE: EXCEPTION: text [PROJECT]</summary>
    [GeneratedRegex(@"\berror \w*: (?!\s|at |--->)(?:[\w.]+Exception: )?(?<text>.+?)(?: \[[^\[\]]*\])?\r?$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex BuildError();
}
