using System.ComponentModel;
using System.Globalization;
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

    private readonly List<ITaskItem> results = [];
    private HostProcess? host;
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

    /// <summary>Also those that were parted by an escaped ';', as command lines need it.</summary>
    private IEnumerable<string> Given => (Parameters ?? []).SelectMany(p => p.Split(';', StringSplitOptions.RemoveEmptyEntries));

    private string Repository => Path.GetDirectoryName(Config.GetMetadata("FullPath"))!;

    public void Cancel()
    {
        cancelled = true;
        host?.AskToEnd();
    }

    protected override void Run()
    {
        if (!PropertiesAreValid())
            return;
        try
        {
            using var started = HostProcess.Start(DotnetPath, Arguments(), Repository);
            host = started;
            if (cancelled)
                Cancel();
            started.Follow(Show);
            if (started.ExitCode is not 0 and not ChangesPresent && !cancelled && !Log.HasLoggedErrors)
                LogError(DefectCode, $"'mlops {Verb}' ended with exit code {started.ExitCode}. {started.Errors}");
        }
        catch (Win32Exception e)
        {
            LogError("MLOPS0004", $"'{DotnetPath}' cannot be started: {e.Message}. Run the build with the .NET SDK's dotnet.");
        }
        finally
        {
            host = null;
        }
    }

    /// <summary>Properties come from command lines: what is wrong with one is said in its own name.</summary>
    private bool PropertiesAreValid()
    {
        foreach (var (code, message) in MlopsProperties.Problems((BuildEngine as IBuildEngine6)?.GetGlobalProperties() ?? new Dictionary<string, string>(), Verb))
            LogError(code, message);
        if (!string.IsNullOrEmpty(ModelVersion) && !(int.TryParse(ModelVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0))
            LogError(PropertyCode, $"'{ModelVersion}' is no value of MlopsModelVersion: it is the number of a registered version. '-t:MlopsStatus' lists them.");
        foreach (var parameter in Given.Where(p => p.IndexOf('=', StringComparison.Ordinal) <= 0))
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

        foreach (var parameter in Given)
            arguments.AddRange(["--parameter", parameter]);
        arguments.AddRange(Switches ?? []);
        return arguments;
    }

    private void Show(string line)
    {
        if (HostEvent.Read(line) is not { } e)
        {
            Log.LogMessage(MessageImportance.Normal, "{0}", line);
            return;
        }

        switch (e.Text("Event"))
        {
            case "Problem":
                ShowProblem(e);
                break;
            case "Outcome":
                ShowOutcome(e);
                break;
            default:
                if (e.Text("Text") is { } text)
                    Log.LogMessage(MessageImportance.High, "{0}", text);
                break;
        }
    }

    private void ShowProblem(HostEvent e)
    {
        var code = e.Text("Code") ?? DefectCode;
        var file = e.Text("File") ?? ProjectFile.GetMetadata("FullPath");
        var (line, column) = (e.Number("Line"), e.Number("Column"));
        var text = OneLine(e.Text("Message") ?? "");
        if (e.Text("Severity") == "Warning")
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

    private void ShowOutcome(HostEvent e)
    {
        if (e.Text("Text") is { } text)
            Log.LogMessage(MessageImportance.High, "{0}", text);
        var pipeline = e.Text("PipelineName") ?? "";
        foreach (var url in e.Items("Urls"))
        {
            // The form that the terminal logger shows, as a link.
            Log.LogMessage(MessageImportance.High, "{0} -> {1}", Path.GetFileNameWithoutExtension(ProjectFile.GetMetadata("FullPath")), url.Text("Url"));
            results.Add(Item(url.Text("Url") ?? "", e, ("Stage", url.Text("Stage")), ("Version", url.Text("Version"))));
        }

        if (results.Count == 0)
            results.Add(Item(pipeline.Length > 0 ? pipeline : Verb, e, ("Version", e.Text("Version"))));
    }

    private static TaskItem Item(string name, HostEvent outcome, params (string Name, string? Value)[] metadata)
    {
        var item = new TaskItem(name);
        foreach (var (key, value) in metadata.Append(("Pipeline", outcome.Text("PipelineName"))).Append(("ExecutionId", outcome.Text("ExecutionId"))).Append(("Changed", outcome.Text("Changed"))))
        {
            if (value is not null)
                item.SetMetadata(key, value);
        }

        return item;
    }
}
