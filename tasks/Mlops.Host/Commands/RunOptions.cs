using System.CommandLine;
using System.CommandLine.Parsing;
using Mlops.Definitions;
using Mlops.Platform;
using Mlops.Platform.Ports;

namespace Mlops.Host.Commands;

/// <summary>Options of the verbs that run a pipeline.</summary>
internal sealed class RunOptions
{
    private readonly bool isWhole;

    private readonly Option<string[]> parameters = ParameterOption.Create();

    private readonly Option<string?> from = new("--from") { Description = "Run this step and all that wait for it, with what an earlier execution left: a selective execution." };

    private readonly Option<string[]> only = new("--only") { Description = "Run this step alone, or these: give it several times.", Arity = ArgumentArity.OneOrMore };

    private readonly Option<string?> source = new("--source-execution") { Description = "The execution whose results '--from' and '--only' go on with. Default: the newest one that has what they need." };

    private readonly Option<int?> parallel = CountOption.Create("--max-parallel-steps", "How many steps may run at once. Default: as the pipeline says ('build.max_parallel_steps').");

    private readonly Option<bool> stopOnCancel = StopOnCancel();

    /// <param name="isWhole">The verb runs the whole pipeline: what is deployed is made by all of its steps.</param>
    public RunOptions(bool isWhole)
    {
        this.isWhole = isWhole;
    }

    public static Option<bool> StopOnCancel() => new("--stop-on-cancel") { Description = "Ctrl-C ends the execution in SageMaker, too. Without it that goes on, and the same command follows it again." };

    public void AddTo(Command command)
    {
        foreach (var option in isWhole ? new Option[] { parameters, parallel, stopOnCancel } : [parameters, from, only, source, parallel, stopOnCancel])
            command.Options.Add(option);
        if (isWhole)
            return;
        command.Validators.Add(result =>
        {
            // Values cannot be asked for where an option lacks its own.
            bool IsGiven(Option option) => result.GetResult(option) is { Tokens.Count: > 0 };
            var (begins, chooses) = (IsGiven(from), IsGiven(only));
            if (begins && chooses)
                result.AddError("--from and --only exclude each other.");
            if (IsGiven(source) && !begins && !chooses)
                result.AddError("--source-execution goes with --from or --only.");
        });
    }

    public bool GivesParameters(CommandResult command) => command.GetResult(parameters) is { Tokens.Count: > 0 };

    /// <param name="definition">That runs.</param>
    public RunRequest Read(ParseResult parsed, PipelineDefinition definition) => new()
    {
        Parameters = ParameterOption.Values(parsed, parameters),
        Selection = isWhole ? null : Selection(parsed, definition),
        MaxParallelSteps = parsed.GetValue(parallel),
        StopsWhenCancelled = parsed.GetValue(stopOnCancel),
    };

    private SelectedSteps? Selection(ParseResult parsed, PipelineDefinition definition)
    {
        try
        {
            if (parsed.GetValue(from) is { } first)
                return new SelectedSteps(StepSelection.From(definition, first), parsed.GetValue(source));
        }
        catch (DefinitionException e)
        {
            throw PlatformErrors.NotSelectable(e.Message).ToException();
        }

        return parsed.GetValue(only) is { Length: > 0 } steps ? new SelectedSteps([.. steps.Distinct(StringComparer.Ordinal)], parsed.GetValue(source)) : null;
    }
}
