using Mlops.Configuration.Binding;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Files;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Data checks, bias and explanations: columns, metrics and files that they name are there.</summary>
internal static class AnalysisChecks
{
    public static void Check(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (config.Build is not { } build)
            return;
        if (build.CheckData is { } check)
            CheckDataCheck(check, config, files, diagnostics);
        if (build.Bias is { } bias)
            CheckBias(bias, config, files, diagnostics);
        if (build.Explain is { } explain)
        {
            if (explain.Baseline is { } baseline)
                FileChecks.FileExists(baseline, "baseline", files, diagnostics);
            NeedsInference(config, explain.Span, "explain", diagnostics);
        }
    }

    private static void CheckDataCheck(CheckDataSection check, ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (check.Baseline is { Value.File: { } file } baseline)
            FileChecks.FileExists(new(file, baseline.Span), "baseline", files, diagnostics);
        if (check.Data is not { } data || config.Data?.Find(data.Value) is not { } found)
        {
            if (check.Data is { } output && output.Value.Contains('.', StringComparison.Ordinal))
                diagnostics.Add(Errors.UnknownDataSet(output.Span, output.Value, [.. config.Data?.Names ?? []]));
        }
        else if (found.Value is { Format: var format } && !(format?.Value is DataFormat.Csv or DataFormat.Jsonlines or DataFormat.Parquet))
        {
            diagnostics.Add(Errors.WrongFormat(data.Span, data.Value, Words.Snake(format?.Value ?? DataFormat.Files), "csv, jsonlines or parquet", "a check of data reads columns"));
        }
    }

    private static void CheckBias(BiasSection bias, ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (config.Data is { } sets && !config.Unreadable.Contains("data") && sets.All(d => d.Value is { Target: null } set && !set.Unreadable.Contains("target")))
            diagnostics.Add(Errors.MonitorNeeds(bias.Span, "bias", "a data set with a 'target'", "it compares labels, and none says which column they are"));
        var type = config.Model?.ProblemType?.Value;
        if (type is ProblemType.Forecasting or ProblemType.Clustering or ProblemType.Ranking or ProblemType.Other && config.Model!.ProblemType is { } problem)
            diagnostics.Add(Errors.Excludes(bias.Span, "bias", $"problem_type: {Words.Snake(problem.Value)}", "bias is measured of labels. Use it with a classification or a regression."));
        if (type == ProblemType.Regression && bias.PositiveLabels is { Count: > 0 } labels && (labels.Count > 1 || ScalarTypes.Number(labels[0].Value) is null))
            diagnostics.Add(Errors.WrongValue(labels[0].Span, "positive_labels", labels[0].Value, "for a regression one number: what lies above it is the good outcome"));
        var columns = ColumnsBehind(bias.Data, config, files);
        foreach (var facet in bias.Facets ?? [])
            CheckFacet(facet, columns, bias.Data, diagnostics);
        if (bias.Group is { } group && columns?.Contains(group.Value) == false)
            diagnostics.Add(Errors.UnknownColumn(group.Span, group.Value, bias.Data!.Value.Value, columns));
        foreach (var metric in bias.Metrics ?? [])
        {
            if (BiasMetrics.RangeOf(metric.Value) is null)
                diagnostics.Add(Errors.UnknownBiasMetric(metric.Span, metric.Value, BiasMetrics.Names));
            else if (BiasMetrics.Conditional.Contains(metric.Value) && bias.Group is null && !bias.Unreadable.Contains("group"))
                diagnostics.Add(Errors.MissingKey(metric.Span, "group", "'build.bias'", $"'{metric.Value}' looks at the groups of a further column."));
        }

        LimitChecks.CheckNamed(bias.Limits, BiasMetrics.RangeOf, (span, metric) => Errors.UnknownBiasMetric(span, metric, BiasMetrics.Names), diagnostics);
        if (bias.Metrics is { Count: > 0 } measured && !bias.Unreadable.Contains("metrics"))
        {
            foreach (var limit in (bias.Limits ?? NamedMap<LimitSection>.Empty).Where(l => BiasMetrics.RangeOf(l.Name) is not null && measured.All(m => m.Value != l.Name)))
                diagnostics.Add(Errors.NoEffect(limit.NameSpan, limit.Name, "it is not among 'metrics', and so not measured. Add it there."));
        }

        if (bias.Metrics?.All(m => BiasMetrics.IsBeforeTraining(m.Value)) != true)
            NeedsInference(config, bias.Span, "bias", diagnostics);
    }

    private static void CheckFacet(FacetSection facet, IReadOnlyCollection<string>? columns, Located<string>? data, DiagnosticBag diagnostics)
    {
        if (facet.Name is { } name && columns?.Contains(name.Value) == false)
            diagnostics.Add(Errors.UnknownColumn(name.Span, name.Value, data!.Value.Value, columns));
        if (facet is { Values: not null, Above: { } above })
            diagnostics.Add(Errors.Excludes(above.Span, "above", "values", "a group is a set of values or the numbers above one. Remove one of the two."));
        else if (facet is { Values: null, Above: null, Unreadable.Count: 0 })
            diagnostics.Add(Errors.MissingKey(facet.Span, "values", "the facet", "The values that make the sensitive group; or 'above', for a number."));
    }

    /// <summary>The columns of a data set; of a step's output nothing is known before it ran.</summary>
    private static IReadOnlyCollection<string>? ColumnsBehind(Located<string>? data, ModelConfig config, RepositoryFiles files) =>
        data is { } reference ? DataChecks.ColumnsOf(config.Data?.Find(reference.Value)?.Value, files) : null;

    private static void NeedsInference(ModelConfig config, Span span, string key, DiagnosticBag diagnostics)
    {
        if (config.Inference is null && !config.Unreadable.Contains("inference") && config.Build?.Train?.Algorithm is null)
            diagnostics.Add(Errors.InferenceNeedsEntryPoint(span, $"'{key}' asks the model"));
    }
}
