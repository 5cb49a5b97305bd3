using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Mlops.Tasks;

/// <summary>
/// Starts <c>mlops</c> for a verb and shows its events as MSBuild's messages and coded errors. The platform's work runs there,
/// so that no native library lives in a build node, and cancelling ends a process and not the engine.
/// </summary>
[MSBuildMultiThreadableTask]
public sealed class MlopsRunVerb : MlopsTask, ICancelableTask
{
    /// <summary>Of 'plan': there is something to do, which is no failure of a build.</summary>
    private const int ChangesPresent = 2;

    private const string PropertyCode = "MLOPS0016";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly List<ITaskItem> results = [];
    private Process? process;
    private volatile bool cancelled;

    /// <summary>The host's assembly, mlops.dll.</summary>
    [Required]
    public ITaskItem Host { get; set; } = null!;

    /// <summary>The dotnet that runs it.</summary>
    [Required]
    public string DotnetPath { get; set; } = null!;

    [Required]
    public string Verb { get; set; } = null!;

    /// <summary>The config.yaml; its folder is the repository.</summary>
    [Required]
    public ITaskItem Config { get; set; } = null!;

    [Required]
    public ITaskItem Artifacts { get; set; } = null!;

    /// <summary>local or aws.</summary>
    [Required]
    public string Platform { get; set; } = null!;

    public string? Stage { get; set; }

    public string? ModelVersion { get; set; }

    public string? Reason { get; set; }

    /// <summary>Pipeline parameters, NAME=VALUE.</summary>
    public string[]? Parameters { get; set; }

    /// <summary>Further options of the verb, such as --protected.</summary>
    public string[]? Switches { get; set; }

    /// <summary>One item a stage that serves: the URL, with the metadata Stage, Version and Pipeline; without stages one item with what is known.</summary>
    [Output]
    public ITaskItem[] Results => [.. results];

    private string Repository => Path.GetDirectoryName(Config.GetMetadata("FullPath"))!;

    public void Cancel()
    {
        cancelled = true;
        try
        {
            // The host ends its steps when this pipe closes, and brings what it changes to an end that it can leave.
            process?.StandardInput.Close();
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }

    protected override void Run()
    {
        if (!PropertiesAreValid())
            return;
        var start = new ProcessStartInfo(DotnetPath, Arguments())
        {
            WorkingDirectory = Repository,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            CreateNoWindow = true,
        };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        try
        {
            using var host = Process.Start(start)!;
            process = host;
            if (cancelled)
                Cancel();
            var errors = new StringBuilder();
            host.ErrorDataReceived += (_, e) => errors.AppendLine(e.Data);
            host.BeginErrorReadLine();
            try
            {
                Follow(host);
            }
            catch
            {
                End(host);
                throw;
            }

            if (host.ExitCode is not 0 and not ChangesPresent && !cancelled && !Log.HasLoggedErrors)
                LogError(DefectCode, $"'mlops {Verb}' ended with exit code {host.ExitCode}. {errors.ToString().Trim()}");
        }
        catch (Win32Exception e)
        {
            LogError("MLOPS0004", $"'{DotnetPath}' cannot be started: {e.Message}. Run the build with the .NET SDK's dotnet.");
        }
        finally
        {
            process = null;
        }
    }

    /// <summary>Shows what the host says until it ends. What it started may outlive it and hold its output open: nobody waits for that.</summary>
    private void Follow(Process host)
    {
        var lines = Channel.CreateUnbounded<string>();
        _ = System.Threading.Tasks.Task.Run(() => Read(host.StandardOutput, lines.Writer));
        var ended = new Stopwatch();
        while (true)
        {
            var more = lines.Reader.WaitToReadAsync().AsTask();
            while (!more.Wait(Pause) && ended.Elapsed < Patience)
            {
                if (host.HasExited)
                    ended.Start();
            }

            if (!more.IsCompleted || !more.Result)
                break;
            while (lines.Reader.TryRead(out var line))
                Show(line);
        }

        if (!host.WaitForExit(Patience))
            End(host);
        System.Threading.Tasks.Task.Run(host.WaitForExit).Wait(Patience); // With what it said on its standard error.
    }

    private static void Read(StreamReader output, ChannelWriter<string> lines)
    {
        try
        {
            while (output.ReadLine() is { } line)
                lines.TryWrite(line);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The host was let go.
        }

        lines.Complete();
    }

    private static void End(Process host)
    {
        try
        {
            host.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException or NotSupportedException)
        {
            // It has ended, or cannot be ended from here.
        }
    }

    /// <summary>Properties come from command lines: what is wrong with one is said in its own name.</summary>
    private bool PropertiesAreValid()
    {
        if (!string.IsNullOrEmpty(ModelVersion) && !(int.TryParse(ModelVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0))
            LogError(PropertyCode, $"'{ModelVersion}' is no value of MlopsModelVersion: it is the number of a registered version. '-t:MlopsStatus' lists them.");
        foreach (var parameter in (Parameters ?? []).Where(p => p.IndexOf('=', StringComparison.Ordinal) <= 0))
            LogError(PropertyCode, $"'{parameter}' is no value of MlopsParameters: write NAME=VALUE, several separated by ';'.");
        return !Log.HasLoggedErrors;
    }

    private List<string> Arguments()
    {
        List<string> arguments = ["exec", Host.GetMetadata("FullPath"), Verb, "--json", "--end-with-input",
            "--platform", Platform, "--project", Repository, "--artifacts", Artifacts.GetMetadata("FullPath")];
        foreach (var (name, value) in new[] { ("--stage", Stage), ("--version", ModelVersion), ("--reason", Reason) })
        {
            if (!string.IsNullOrEmpty(value))
                arguments.AddRange([name, value]);
        }

        foreach (var parameter in Parameters ?? [])
            arguments.AddRange(["--parameter", parameter]);
        arguments.AddRange(Switches ?? []);
        return arguments;
    }

    private void Show(string line)
    {
        if (Event(line) is not { } e)
        {
            Log.LogMessage(MessageImportance.Normal, "{0}", line);
            return;
        }

        switch (Text(e, "Event"))
        {
            case "Problem":
                ShowProblem(e);
                break;
            case "Outcome":
                ShowOutcome(e);
                break;
            default:
                if (Text(e, "Text") is { } text)
                    Log.LogMessage(MessageImportance.High, "{0}", text);
                break;
        }
    }

    /// <summary>Null: the line is something else than an event, such as what a program said.</summary>
    private static JsonElement? Event(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement is { ValueKind: JsonValueKind.Object } e ? e.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void ShowProblem(JsonElement e)
    {
        var code = Text(e, "Code") ?? DefectCode;
        var file = Text(e, "File") ?? ProjectFile.GetMetadata("FullPath");
        var (line, column) = (Number(e, "Line"), Number(e, "Column"));
        var text = OneLine(Text(e, "Message") ?? "");
        if (Text(e, "Severity") == "Warning")
            Log.LogWarning(null, code, null, Link(code), file, line, column, 0, 0, "{0}", text);
        else
            Log.LogError(null, code, null, Link(code), file, line, column, 0, 0, "{0}", text);
    }

    /// <summary>MSBuild repeats place and code before each line of an error: what a program said is shown before it, and its last line in it.</summary>
    private string OneLine(string message)
    {
        var lines = message.Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0).ToList();
        if (lines.Count < 2 || !lines[0].EndsWith("last lines:", StringComparison.Ordinal))
            return string.Join(' ', lines.Select(l => l.Trim()));
        foreach (var said in lines.Skip(1))
            Log.LogMessage(MessageImportance.High, "{0}", said);
        return $"{lines[0]} {lines[^1].Trim()}";
    }

    private void ShowOutcome(JsonElement e)
    {
        if (Text(e, "Text") is { } text)
            Log.LogMessage(MessageImportance.High, "{0}", text);
        var pipeline = Text(e, "PipelineName") ?? "";
        foreach (var url in e.GetProperty("Urls").EnumerateArray())
        {
            // The form that the terminal logger shows, as a link.
            Log.LogMessage(MessageImportance.High, "{0} -> {1}", Path.GetFileNameWithoutExtension(ProjectFile.GetMetadata("FullPath")), Text(url, "Url"));
            results.Add(Item(Text(url, "Url") ?? "", e, ("Stage", Text(url, "Stage")), ("Version", Text(url, "Version"))));
        }

        if (results.Count == 0)
            results.Add(Item(pipeline.Length > 0 ? pipeline : Verb, e, ("Version", Text(e, "Version"))));
    }

    private static TaskItem Item(string name, JsonElement outcome, params (string Name, string? Value)[] metadata)
    {
        var item = new TaskItem(name);
        foreach (var (key, value) in metadata.Append(("Pipeline", Text(outcome, "PipelineName"))).Append(("ExecutionId", Text(outcome, "ExecutionId"))).Append(("Changed", Text(outcome, "Changed"))))
        {
            if (value is not null)
                item.SetMetadata(key, value);
        }

        return item;
    }

    private static string? Text(JsonElement e, string member) => e.TryGetProperty(member, out var value) ? value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Null => null,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.GetRawText(),
    } : null;

    private static int Number(JsonElement e, string member) => e.TryGetProperty(member, out var value) && value.TryGetInt32(out var number) ? number : 0;
}
