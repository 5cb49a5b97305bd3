using Mlops.Definitions;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Toolkits;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// A notebook job, as SageMaker's Python SDK writes it (NotebookJobStep): a Training step whose image executes the notebook of a channel. Variables name
/// notebook, kernel and script before it; hyperparameters are its parameters; what it became lies in output.tar.gz.
/// </summary>
internal static class NotebookJob
{
    /// <summary>The packages of Python that it takes.</summary>
    public static IReadOnlyList<string> Packages { get; } = ["papermill"];

    private const string EntryPoint = "amazon_sagemaker_scheduler";
    private const string OutputFolder = "/opt/ml/output/data";

    public static bool IsOne(IReadOnlyList<string> entrypoint) => entrypoint is [EntryPoint];

    /// <summary>What executes the notebook, and where.</summary>
    public static (List<string> Command, string Folder) Of(StepContext step, ContainerFolder container, IReadOnlyDictionary<string, string> parameters)
    {
        var variables = Json.TextMembers(step.Arguments["Environment"]);
        string Variable(string name) => variables.GetValueOrDefault(name) ?? throw new DefinitionException($"'{step.Step.Name}' is a notebook job without the variable {name}.");
        var folder = container.Path(Variable("SM_EXECUTION_INPUT_PATH"));
        List<string> command =
        [
            step.Interpreter("python3"), ScriptMode.Write(step.Folder, "notebook.py"), Path.Combine(folder, Variable("SM_INPUT_NOTEBOOK_NAME")), Path.Combine(container.Make(OutputFolder), OutputName(Variable("SM_OUTPUT_NOTEBOOK_NAME"))),
            "--kernel", variables.GetValueOrDefault("SM_KERNEL_NAME", "python3"), .. parameters.SelectMany(p => new[] { "--parameters", p.Key, p.Value }),
        ];
        // Sourced, so that the notebook finds what it sets.
        if (variables.TryGetValue("SM_INIT_SCRIPT", out var script) && OperatingSystem.IsWindows())
            throw LocalErrors.CannotStart(step.Step.Name, script, "Windows has no shell for the script before the notebook").ToException();
        if (script is not null)
            command = ["/bin/sh", "-c", ". \"$0\" && exec \"$@\"", Path.Combine(folder, script), .. command];
        return (command, folder);
    }

    /// <summary>Points and colons of a name become dashes, all but that of its end: so the image has it.</summary>
    private static string OutputName(string name) => Path.GetFileNameWithoutExtension(name).Replace('.', '-').Replace(':', '-').TrimEnd('-') + ".ipynb";
}
