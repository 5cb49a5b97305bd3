using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;

namespace Mlops.Configuration.Checks;

/// <summary>Tuning: ranges can be searched by the strategy, and the objective is measured.</summary>
internal static class TuningChecks
{
    /// <summary>"HyperbandStrategyConfig" of the API reference, MaxResource.</summary>
    private static readonly string[] Epochs = ["epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs"];

    private const int MostJobs = 750;

    /// <param name="startsByItself">Whether the container finds its program.</param>
    public static void Check(ConfiguredStep step, TrainSection train, TuneSection tune, bool startsByItself, DiagnosticBag diagnostics)
    {
        var strategy = tune.Unreadable.Contains("strategy") ? null : (TuningStrategy?)(tune.Strategy?.Value ?? TuningStrategy.Bayesian);
        if (step.IsFurther)
            diagnostics.Add(Errors.NoEffect(tune.Span, "tune", "the model that goes on is that of 'build.train'. Tune there."));
        else if (!startsByItself)
            diagnostics.Add(Errors.NoEffect(tune.Span, "tune", "a tuning job names no program to start, and the containers of 'r' and 'custom' find none. Use sklearn, xgboost, pytorch, tensorflow, huggingface, dotnet or a built-in algorithm, or remove it."));
        foreach (var (name, span, range) in tune.Ranges ?? Values.NamedMap<RangeSection>.Empty)
        {
            if (train.Hyperparameters?.Find(name) is { } fixedValue)
                diagnostics.Add(Errors.TunedAndFixed(span, name, fixedValue.NameSpan));
            if (range is not null)
                CheckRange(name, range, strategy, diagnostics);
        }

        // "MaxNumberOfTrainingJobs" of ResourceLimits: what a grid of so many places would need more of.
        if (strategy == TuningStrategy.Grid && (tune.Ranges ?? Values.NamedMap<RangeSection>.Empty).Aggregate(1L, (product, r) => Math.Min(product * Math.Max(1, r.Value?.Values?.Count ?? 1), int.MaxValue)) is > MostJobs and var places)
            diagnostics.Add(Errors.TooMany(tune.Ranges!.Span, "combinations of 'ranges', which the strategy 'grid' all tries", (int)places, MostJobs));
        if (strategy == TuningStrategy.Grid && tune.MaxJobs is { } jobs)
            diagnostics.Add(Errors.NoEffect(jobs.Span, "max_jobs", "the strategy 'grid' tries every combination. Remove it, or choose another strategy."));
        if (strategy == TuningStrategy.Hyperband && tune.EarlyStopping is { Value: true } early)
            diagnostics.Add(Errors.NoEffect(early.Span, "early_stopping", "the strategy 'hyperband' stops trainings by itself. Remove it."));
        if (strategy == TuningStrategy.Hyperband && tune.Strategy is { } hyperband && !train.Unreadable.Contains("hyperparameters") && !Epochs.Any(name => train.Hyperparameters?.Find(name) is not null))
            diagnostics.Add(Errors.HyperbandWithoutEpochs(hyperband.Span, string.Join(", ", Epochs.Select(n => $"'{n}'"))));
        // A grid has as many jobs as it has places.
        if (tune.MaxParallelJobs is { } parallel && !tune.Unreadable.Contains("max_jobs") && (tune.MaxJobs?.Value ?? (strategy == TuningStrategy.Grid ? long.MaxValue : TuneSection.DefaultJobs)) is var most && parallel.Value > most)
            diagnostics.Add(Errors.NoEffect(parallel.Span, "max_parallel_jobs", $"there are at most {most} jobs{(tune.MaxJobs is null ? " ('max_jobs')" : "")}. Lower it."));
        if (tune.Objective?.Metric is { } metric && train.Algorithm is null && !train.Unreadable.Contains("algorithm") && !train.Unreadable.Contains("metrics") && train.Metrics?.Find(metric.Value) is null)
            diagnostics.Add(Errors.ObjectiveIsNotMeasured(metric.Span, metric.Value, [.. train.Metrics?.Names ?? []]));
    }

    private static void CheckRange(string name, RangeSection range, TuningStrategy? strategy, DiagnosticBag diagnostics)
    {
        if (range.Values is not null)
        {
            foreach (var (key, span) in new[] { ("min", range.Min?.Span), ("max", range.Max?.Span), ("type", range.Type?.Span), ("scale", range.Scale?.Span) })
            {
                if (span is { } at)
                    diagnostics.Add(Errors.BadRange(at, name, $"'{key}' and 'values' exclude each other: a range is numbers or a list. Remove one of the two."));
            }

            foreach (var (value, i) in range.Values.Select((v, i) => (v, i)))
            {
                if (range.Values.Take(i).Where(v => v.Value == value.Value).Select(v => (Text.Span?)v.Span).FirstOrDefault() is { } first)
                    diagnostics.Add(Errors.NameTwice(value.Span, value.Value, first));
            }

            return;
        }

        if (strategy == TuningStrategy.Grid)
        {
            diagnostics.Add(Errors.BadRange(range.Span, name, "the strategy 'grid' takes lists. Write 'values: [...]', or choose another strategy."));
            return;
        }

        if (range.Min is not { } min || range.Max is not { } max)
        {
            if (range.Unreadable.Count == 0)
                diagnostics.Add(Errors.BadRange(range.Span, name, "it needs 'min' and 'max', or 'values'."));
            return;
        }

        if (min.Value >= max.Value)
            diagnostics.Add(Errors.BadRange(min.Span, name, "'min' is not below 'max'."));
        else if (range.Scale?.Value == RangeScale.Logarithmic && min.Value <= 0)
            diagnostics.Add(Errors.BadRange(min.Span, name, "a logarithmic scale takes numbers above 0."));
        else if (range.Scale?.Value == RangeScale.ReverseLogarithmic && (min.Value < 0 || max.Value >= 1))
            diagnostics.Add(Errors.BadRange(min.Span, name, "a reverse logarithmic scale takes numbers from 0 to below 1."));
        if (range.Type?.Value == RangeType.Integer && (min.Value != Math.Floor(min.Value) || max.Value != Math.Floor(max.Value)))
            diagnostics.Add(Errors.BadRange(min.Span, name, "an integer range has whole numbers as 'min' and 'max'."));
        if (range is { Type.Value: RangeType.Integer, Scale: { Value: RangeScale.ReverseLogarithmic } scale })
            diagnostics.Add(Errors.BadRange(scale.Span, name, "an integer range has no reverse logarithmic scale."));
    }
}
