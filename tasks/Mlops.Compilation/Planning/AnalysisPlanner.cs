using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Configuration.Binding;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Planning;

/// <summary>
/// Plans the analyzer's steps. Its settings lie beside the job as analysis_config.json, in the names of Clarify's and Model Monitor's
/// configuration. The model is asked by a transform between two jobs: one writes the requests, the other reads the answers beside them.
/// </summary>
internal sealed class AnalysisPlanner(ModelConfig config, StepPlanner steps)
{
    public const string BiasBefore = "bias-before-training";
    public const string BiasPredict = "bias-predict";
    public const string ExplainSample = "explain-sample";
    public const string ExplainPredict = "explain-predict";

    /// <summary>The output with what an analysis found, and the document in it that a condition reads.</summary>
    public const string Report = "report";
    public const string Metrics = "metrics.json";

    /// <summary>The parameter with the S3 prefix of the approved version's constraints; 'none' before there is one.</summary>
    public const string BaselineParameter = ReservedNames.BaselinePrefix + "data-quality";

    public IEnumerable<PlannedNode> Plan(ConfiguredStep step) => step.Section switch
    {
        CheckDataSection check => [PlanCheck(step, check)],
        BiasSection bias => PlanBias(step, bias),
        ExplainSection explain => PlanExplain(step, explain),
        _ => throw new ArgumentOutOfRangeException(nameof(step)),
    };

    private PlannedStep PlanCheck(ConfiguredStep step, CheckDataSection check)
    {
        var settings = Dataset(check.Data!.Value.Value);
        settings["analysis_type"] = "DATA_QUALITY";
        settings["fail_on_violation"] = (check.OnViolation?.Value ?? OnViolation.Fail) == OnViolation.Fail;
        List<Template> arguments = [Maps.Literal("check-data")];
        if (check.Baseline?.Value.File is { } file)
            settings["baseline_constraints"] = file.FileName;
        else
            arguments.AddRange([Maps.Literal("--baseline"), new Template("", [new ParameterPart(BaselineParameter)])]);
        return Job(step, check, step.Name, settings, [Input("data", steps.Source(check.Data.Value.Value))],
            [Report], arguments, check.Baseline?.Value.File);
    }

    /// <summary>The job that measures bias of data, before a model is asked; null: none does.</summary>
    public static string? BeforeTraining(BiasSection bias) =>
        Methods(bias, beforeTraining: true) is null ? null : Methods(bias, beforeTraining: false) is null ? ConfiguredStep.Bias : BiasBefore;

    private IEnumerable<PlannedNode> PlanBias(ConfiguredStep step, BiasSection bias)
    {
        var settings = BiasSettings(bias);
        var data = Input("data", steps.Source(bias.Data!.Value.Value));
        var (before, after) = (Methods(bias, beforeTraining: true), Methods(bias, beforeTraining: false));
        if (after is null)
        {
            settings["methods"] = new JsonObject { ["pre_training_bias"] = before };
            yield return Job(step, bias, step.Name, settings, [data], [Report], [Maps.Literal("bias")], null) with { Report = Metrics };
            yield break;
        }

        var first = settings.DeepClone().AsObject();
        first["methods"] = before is null ? [] : new JsonObject { ["pre_training_bias"] = before };
        yield return Job(step, bias, BiasBefore, first, [data], before is null ? ["requests"] : [Report, "requests"], [Maps.Literal("bias-before-training")], null);
        yield return Predict(step, bias, BiasPredict, BiasBefore);
        settings["methods"] = before is null ? new JsonObject { ["post_training_bias"] = after } : new JsonObject { ["pre_training_bias"] = before.DeepClone(), ["post_training_bias"] = after };
        settings["predictor"] = Predictor();
        yield return Job(step, bias, step.Name, settings, [data, Input("predictions", new PredictionsInput(BiasPredict))], [Report], [Maps.Literal("bias")], null) with { Report = Metrics };
    }

    /// <summary>Clarify's methods of one of the two times; null: none of them is asked for.</summary>
    private static JsonObject? Methods(BiasSection bias, bool beforeTraining)
    {
        if (bias.Metrics is null)
            return new JsonObject { ["methods"] = "all" };
        var names = bias.Metrics.Select(m => m.Value).Where(m => BiasMetrics.IsBeforeTraining(m) == beforeTraining).ToList();
        return names.Count == 0 ? null : new JsonObject { ["methods"] = new JsonArray([.. names.Select(n => JsonValue.Create(n))]) };
    }

    /// <summary>What bias is measured of, without the metrics.</summary>
    public JsonObject BiasSettings(BiasSection bias)
    {
        var settings = Dataset(bias.Data!.Value.Value);
        settings["label_values_or_threshold"] = Values(bias.PositiveLabels!);
        settings["facet"] = new JsonArray([.. bias.Facets!.Select(f => new JsonObject
        {
            ["name_or_index"] = f.Name!.Value.Value,
            ["value_or_threshold"] = f.Values is { } values ? Values(values) : new JsonArray(f.Above!.Value.Value),
        })]);
        if (bias.Group is { } group)
            settings["group_variable"] = group.Value;
        return settings;
    }

    public JsonObject ExplainSettings(ExplainSection explain)
    {
        var settings = Dataset(explain.Data!.Value.Value);
        var shap = new JsonObject { ["num_samples"] = explain.SampleCount?.Value ?? 100, ["agg_method"] = Words.Snake(explain.Aggregation?.Value ?? AggregationMethod.MeanAbs) };
        if (explain.Baseline is { } baseline)
            shap["baseline"] = baseline.Value.FileName;
        settings["methods"] = new JsonObject { ["shap"] = shap };
        settings["predictor"] = Predictor();
        return settings;
    }

    private IEnumerable<PlannedNode> PlanExplain(ConfiguredStep step, ExplainSection explain)
    {
        var settings = ExplainSettings(explain);
        yield return Job(step, explain, ExplainSample, settings, [Input("data", steps.Source(explain.Data!.Value.Value))], ["samples", "requests"], [Maps.Literal("explain-sample")], explain.Baseline?.Value);
        yield return Predict(step, explain, ExplainPredict, ExplainSample);
        yield return Job(step, explain, step.Name, settings.DeepClone().AsObject(),
            [Input("samples", new OutputInput(ExplainSample, "samples")), Input("predictions", new PredictionsInput(ExplainPredict))], [Report], [Maps.Literal("explain")], explain.Baseline?.Value);
    }

    private PlannedStep Job(
        ConfiguredStep step, JobSection section, string name, JsonObject settings, IReadOnlyList<PlannedInput> inputs, IReadOnlyList<string> outputs, IReadOnlyList<Template> arguments, RepositoryPath? file) => new()
        {
            Name = name,
            Place = step.Place,
            After = [.. (section.After ?? []).Select(a => a.Value)],
            Kind = StepKind.Processing,
            Runtime = PlannedRuntime.Analyzer,
            Bundle = new SettingsBundle(name, Json.Write(settings), file),
            Inputs = inputs,
            Outputs = [.. outputs.Select(o => new PlannedOutput(o, null))],
            Arguments = arguments,
            Environment = StepPlanner.WithDataVersion([], inputs),
            Instance = StepPlanner.Instance(section.Instance, config.Build?.Instance, StepPlanner.DefaultInstance),
            MaxRuntimeSeconds = steps.MaxRuntime(section),
            Cache = steps.Cache(section),
            Retry = steps.Retry(section),
        };

    private PlannedTransform Predict(ConfiguredStep step, JobSection section, string name, string requests) => new()
    {
        Name = name,
        Place = step.Place,
        Data = new OutputInput(requests, "requests"),
        ContentType = config.Inference?.ContentTypes?[0].Value ?? "text/csv",
        Accept = config.Inference?.ResponseTypes?[0].Value ?? "text/csv",
        Split = Split.Line,
        Records = Records.Many,
        Join = Join.None,
        Environment = new Dictionary<string, Template>(),
        Instance = StepPlanner.Instance(null, null, config.Inference?.Instances?.Transform?[0].Value.Name ?? StepPlanner.DefaultInstance),
        Cache = steps.Cache(section),
        Retry = steps.Retry(section),
    };

    private static PlannedInput Input(string name, InputSource source) => new(name, source, null, InputMode.File, DataDistribution.Replicated);

    /// <summary>What is known of the records: a step's output has the columns of the data that the configuration has a label for.</summary>
    public JsonObject Dataset(string reference)
    {
        var set = config.Data?.Find(reference)?.Value ?? config.Data?.FirstOrDefault(d => d.Value?.Target is not null)?.Value;
        var settings = new JsonObject();
        settings["dataset_type"] = set?.Format?.Value switch { DataFormat.Jsonlines => "application/jsonlines", DataFormat.Parquet => "application/x-parquet", _ => "text/csv" };
        if (set?.Header is { Value: false })
            settings["header"] = false;
        if (set?.Columns is { } columns)
            settings["headers"] = new JsonArray([.. columns.Select(c => JsonValue.Create(c.Value))]);
        if (set?.Target is { } target)
            settings["label"] = target.Value;
        if (set?.Id is { } id)
            settings["joinsource_name_or_index"] = id.Value;
        if (set?.Exclude is { Count: > 0 } exclude)
            settings["excluded_columns"] = new JsonArray([.. exclude.Select(c => JsonValue.Create(c.Value))]);
        return settings;
    }

    public JsonObject Predictor()
    {
        var inference = config.Inference;
        var predictor = new JsonObject { ["content_type"] = inference?.ContentTypes?[0].Value ?? "text/csv", ["accept_type"] = inference?.ResponseTypes?[0].Value ?? "text/csv" };
        if (inference?.Output?.Label is { } label)
            predictor["label"] = label.Value;
        if (inference?.Output?.Probability is { } probability)
            predictor["probability"] = probability.Value;
        if (inference?.Output?.Threshold is { } threshold)
            predictor["probability_threshold"] = threshold.Value;
        return predictor;
    }

    /// <summary>Numbers as numbers: a label of 1 is not the text "1".</summary>
    private static JsonArray Values(IEnumerable<Located<string>> values) =>
        new([.. values.Select(v => ScalarTypes.Integer(v.Value) is long whole ? JsonValue.Create(whole)
            : double.TryParse(v.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : JsonValue.Create(v.Value))]);
}
