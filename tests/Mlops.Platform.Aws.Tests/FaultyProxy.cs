using System.Diagnostics;

namespace Mlops.Platform.Aws.Tests;

/// <summary>The bad day: a proxy before the stand-in that answers some requests as AWS does then, breaks off others, and carries out some whose answer it loses.</summary>
internal sealed class FaultyProxy : IDisposable
{
    private readonly Process process;
    private readonly string? before = Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL");

    public FaultyProxy(string upstream, params string[] faults)
    {
        process = Process.Start(new ProcessStartInfo("python3", [Path.Combine(Conformance.Folder!, "faulty_proxy.py"), "--upstream", upstream, "--port", "0", .. faults]) { RedirectStandardOutput = true })!;
        var line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The proxy did not start.");
        Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL", line[line.IndexOf("http", StringComparison.Ordinal)..].Trim());
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL", before);
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }
}
