using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>
/// What the requests of jobs and models hold at most, which a build would else not notice and a run would. Sources: ProcessingEnvironmentValue,
/// TrainingEnvironmentValue, TransformEnvironmentValue, EnvironmentValue, ContainerArgument, HyperParameterValue and CustomerMetadataMap of SageMaker's API.
/// </summary>
internal static class RequestLimits
{
    private const int ProcessingValue = 256;
    private const int TrainingValue = 512;
    private const int ContainerValue = 1024;
    private const int TransformValue = 10_240;
    private const int Argument = 256;
    private const int Variables = 100;
    private const int TuningVariables = 48;
    private const int Hyperparameters = 100;

    /// <summary>Of hyperparameters, metrics and categories.</summary>
    private const int Name = 256;

    /// <summary>Where a training container finds its program, and what that is.</summary>
    private const int OwnHyperparameters = 2;

    private const int TransformVariables = 16;

    /// <summary>Where a model's container finds its program, and what that is.</summary>
    private const int OwnVariables = 2;

    /// <summary>Which outputs a cached job has.</summary>
    private const int OwnOutputs = 1;

    /// <summary>Of CustomerMetadataMap; the decisions on a version are kept beside what is written here.</summary>
    private const int MetadataValue = 256;
    private const int MetadataEntries = 50;

    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        foreach (var step in config.Steps)
        {
            if (step.Section is StepSection code)
                CheckStep(step.Name, code, config, diagnostics);
            foreach (var argument in (step.Section as ProcessingSection)?.Arguments ?? [])
                CheckText("arguments", argument, Argument, diagnostics, oneLine: true);
            if (step.Section is TransformStep { Environment: { } ofTransform })
            {
                CheckValues(ofTransform, TransformValue, diagnostics);
                CheckCount(ofTransform.Count, TransformVariables - DataVersion(config), step.Name, ofTransform.Span, diagnostics);
            }
        }

        foreach (var environment in new[] { config.Inference?.Environment, config.Inference?.Preprocess?.Environment, config.Inference?.Postprocess?.Environment }.Concat((config.Deploy ?? []).Select(s => s.Environment)))
            CheckValues(environment, ContainerValue, diagnostics);
        foreach (var environment in (config.Deploy ?? []).Select(s => s.Environment).Prepend(null))
        {
            var names = (environment?.Names ?? []).Concat(config.Inference?.Environment?.Names ?? []).Distinct(StringComparer.Ordinal).Count();
            var most = Variables - (config.Inference?.EntryPoint is null ? 0 : OwnVariables);
            if (names > most && (environment ?? config.Inference?.Environment) is { } given)
                diagnostics.Add(Errors.TooMany(given.Span, "environment variables of the model, beside the SDK's own", names, most));
        }

        var metadata = config.Build?.Register?.Metadata;
        CheckMetadata(metadata, diagnostics);
        // A version holds 50 (CustomerMetadataMap): two of the SDK's own, and for each stage who decided, why, and which tests passed.
        var entries = MetadataEntries - 2 - 3 * (config.Deploy?.Count ?? 0);
        if (metadata?.Count > entries)
            diagnostics.Add(Errors.TooMany(metadata.Span, "entries, beside what is noted of stages,", metadata.Count, Math.Max(0, entries)));
    }

    private static void CheckStep(string name, StepSection step, ModelConfig config, DiagnosticBag diagnostics)
    {
        var most = step is TrainSection ? TrainingValue : ProcessingValue;
        CheckValues(step.Environment, most, diagnostics);
        foreach (var (key, _, secret) in step.Secrets ?? NamedMap<Given<Arn>>.Empty)
        {
            if (secret is { } given && given.Value.Text.Length > most)
                diagnostics.Add(Errors.WrongValue(given.Span, key, given.Value.Text, $"at most {most} characters here"));
        }

        var count = (step.Environment?.Count ?? 0) + (step.Secrets?.Count ?? 0);
        var limit = step switch { TrainSection { Tune: not null } => TuningVariables, TrainSection => Variables, _ => Variables - OwnOutputs };
        CheckCount(count, limit - DataVersion(config), name, step.Environment?.Span ?? step.Secrets?.Span ?? step.Span, diagnostics);
        if (step is TrainSection train)
        {
            CheckNames("a hyperparameter", (train.Hyperparameters?.Select(h => (h.Name, h.NameSpan)) ?? []).Concat(train.Tune?.Ranges?.Select(r => (r.Name, r.NameSpan)) ?? []), diagnostics);
            CheckNames("a metric", train.Metrics?.Select(m => (m.Name, m.NameSpan)), diagnostics);
            foreach (var choice in (train.Tune?.Ranges ?? NamedMap<RangeSection>.Empty).SelectMany(r => r.Value?.Values ?? []).Where(v => v.Value.Length > Name))
                diagnostics.Add(Errors.WrongValue(choice.Span, "values", choice.Value, $"at most {Name} characters"));
            var (given, own) = ((train.Hyperparameters?.Count ?? 0) + (train.Tune?.Ranges?.Count ?? 0), train.EntryPoint is null ? 0 : OwnHyperparameters);
            if (given > Hyperparameters - own)
                diagnostics.Add(Errors.TooMany((train.Hyperparameters?.Span ?? train.Tune?.Ranges?.Span)!.Value, "hyperparameters, beside the SDK's own", given, Hyperparameters - own));
        }

        foreach (var value in ((step as TrainSection)?.Hyperparameters ?? NamedMap<Template>.Empty).Select(h => h.Value).OfType<Template>())
            CheckText("hyperparameters", value, int.MaxValue, diagnostics, oneLine: true);
    }

    private static void CheckNames(string what, IEnumerable<(string Name, Text.Span Span)>? names, DiagnosticBag diagnostics)
    {
        foreach (var (name, span) in names ?? [])
        {
            if (name.Length is 0 or > Name)
                diagnostics.Add(Errors.WrongName(span, what, name, $"a name has 1 to {Name} characters."));
        }
    }

    private static void CheckCount(int count, int most, string step, Text.Span span, DiagnosticBag diagnostics)
    {
        if (count > most)
            diagnostics.Add(Errors.TooMany(span, $"environment variables and secrets of '{step}', beside the SDK's own", count, most));
    }

    /// <summary>A step that reads data in S3 has its version in a variable, since SageMaker's cache knows only its place.</summary>
    private static int DataVersion(ModelConfig config) => (config.Data ?? NamedMap<DataSet>.Empty).Any(d => d.Value?.Source is { Value.IsS3: true }) ? 1 : 0;

    private static void CheckValues(NamedMap<Template>? values, int most, DiagnosticBag diagnostics)
    {
        foreach (var (name, _, value) in values ?? NamedMap<Template>.Empty)
        {
            if (value is not null)
                CheckText(name, value, most, diagnostics, oneLine: false);
        }
    }

    /// <summary>What a run puts in is not known yet: the rest must do.</summary>
    private static void CheckText(string key, Template value, int most, DiagnosticBag diagnostics, bool oneLine)
    {
        var known = string.Concat(value.Parts.OfType<LiteralPart>().Select(p => p.Text));
        if (known.Length > most)
            diagnostics.Add(Errors.WrongValue(value.Span, key, value.Text, $"at most {most} characters, and this has {known.Length}: SageMaker refuses longer ones. Put it into a file that travels with the code"));
        else if (oneLine && known.AsSpan().ContainsAny('\n', '\r'))
            diagnostics.Add(Errors.WrongValue(value.Span, key, value.Text, "one line: SageMaker refuses line breaks"));
    }

    private static void CheckMetadata(NamedMap<Template>? metadata, DiagnosticBag diagnostics)
    {
        foreach (var (name, span, value) in metadata ?? NamedMap<Template>.Empty)
        {
            if (name.StartsWith("mlops:", StringComparison.OrdinalIgnoreCase))
                diagnostics.Add(Errors.NameTaken(span, name, "the SDK"));
            else if (name.Length is 0 or > 128 || !name.All(IsMetadataCharacter))
                diagnostics.Add(Errors.WrongName(span, "metadata", name, "a key has 1 to 128 letters, digits, spaces and _ . : / = + - @"));
            if (value is { IsLiteral: true, Text.Length: 0 or > MetadataValue } || value?.Parts.OfType<LiteralPart>().All(p => p.Text.All(IsMetadataCharacter)) == false)
                diagnostics.Add(Errors.WrongValue(value.Span, name, value.Text, "1 to 256 letters, digits, spaces and _ . : / = + - @"));
        }

        static bool IsMetadataCharacter(char c) => char.IsLetterOrDigit(c) || c is ' ' or '_' or '.' or ':' or '/' or '=' or '+' or '-' or '@';
    }
}
