using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <summary>A stage's tests, against its endpoint.</summary>
internal static class StageTests
{
    private static readonly TimeSpan ProgramLimit = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan OutputPatience = TimeSpan.FromSeconds(3);

    /// <summary>What the tests are: an edit of one, of a payload or of a test's program makes them others.</summary>
    public static string HashOf(Workspace workspace, Stage stage)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in stage.Environment.OrderBy(e => e.Key, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"{name}={value}\n");
        foreach (var test in stage.Tests)
        {
            text.Append(CultureInfo.InvariantCulture, $"{test.ContentType}|{test.ExpectStatus}|{test.MaxLatencyMilliseconds}|{string.Join(' ', test.Command ?? [])}\n");
            foreach (var file in new[] { test.Payload, test.Command?[^1] }.OfType<string>().Select(workspace.FullPath).Where(File.Exists))
                text.Append(Digest.Of(File.ReadAllBytes(file))).Append('\n');
        }

        return Digest.Of(text.ToString());
    }

    /// <summary>The first test that fails, or null.</summary>
    public static async Task<Problem?> FirstFailureAsync(VerbContext context, Stage stage, ModelVersion version, CancellationToken cancellation)
    {
        foreach (var test in stage.Tests)
        {
            var reason = test.Command is null
                ? await SendAsync(context, stage, test, cancellation)
                : await StartAsync(context, stage, test.Command, version, cancellation);
            if (reason is not null)
                return context.Workspace.At(PlatformErrors.TestFailed(stage.Name, reason), test.Place);
        }

        return null;
    }

    private static async Task<string?> SendAsync(VerbContext context, Stage stage, StageTest test, CancellationToken cancellation)
    {
        byte[] body;
        try
        {
            body = await File.ReadAllBytesAsync(context.Workspace.FullPath(test.Payload!), cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"the payload cannot be read: {e.Message}";
        }

        var answer = await context.Platform.Stages.InvokeAsync(stage, new InvokeRequest(body, test.ContentType ?? "text/csv"), cancellation);
        if (answer.Status != test.ExpectStatus)
            return $"'{test.Payload}' was answered with {answer.Status}, and {test.ExpectStatus} is expected: {FirstLine(Encoding.UTF8.GetString(answer.Body))}";
        var took = answer.Latency.TotalMilliseconds;
        return took > test.MaxLatencyMilliseconds
            ? string.Create(CultureInfo.InvariantCulture, $"'{test.Payload}' was answered after {took:F0} ms, and {test.MaxLatencyMilliseconds} ms are allowed.")
            : null;
    }

    private static async Task<string?> StartAsync(VerbContext context, Stage stage, IReadOnlyList<string> command, ModelVersion version, CancellationToken cancellation)
    {
        var (interpreters, variables) = await context.Platform.Stages.TestSurroundingsAsync(stage, cancellation);
        var start = new ProcessStartInfo(interpreters.GetValueOrDefault(command[0], command[0]), command.Skip(1))
        {
            WorkingDirectory = context.Workspace.Repository,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        var state = await context.Platform.Stages.DescribeAsync(stage, cancellation);
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        start.Environment["ENDPOINT_NAME"] = stage.EndpointName;
        start.Environment["STAGE"] = stage.Name;
        start.Environment["MODEL_VERSION"] = version.Version.ToString(CultureInfo.InvariantCulture);
        start.Environment["ENDPOINT_URL"] = state?.Url;
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            return $"'{start.FileName}' cannot be started: {e.Message}.";
        }

        using (process)
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
        {
            limit.CancelAfter(ProgramLimit);
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                cancellation.ThrowIfCancellationRequested();
                return $"'{string.Join(' ', command)}' did not end within {ProgramLimit.TotalMinutes} minutes.";
            }

            // What it left running may hold its output open.
            await Task.WhenAny(Task.WhenAll(output, errors), Task.Delay(OutputPatience, cancellation));
            var said = Said(errors) is { Length: > 0 } e ? e : Said(output);
            return process.ExitCode == 0 ? null : $"'{string.Join(' ', command)}' ended with {process.ExitCode}: {LastLines(said)}";
        }
    }

    private static string Said(Task<string> stream) => stream.IsCompletedSuccessfully ? stream.Result.TrimEnd() : "";

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd() is { Length: > 300 } line ? line[..300] + "..." : text.Split('\n')[0].TrimEnd();

    private static string LastLines(string text) => string.Join(" | ", text.Split('\n').TakeLast(5).Select(l => l.TrimEnd()));
}
