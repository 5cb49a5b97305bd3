using System.Globalization;
using System.Text.RegularExpressions;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Training: spot times, several instances, metrics of the log, tuning.</summary>
internal static class TrainingChecks
{
    private const int LongestValue = 2500;

    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        foreach (var step in config.Steps)
        {
            if (step.Section is not TrainSection train)
                continue;
            CheckSpot(train, config.Build!, diagnostics);
            CheckInstances(train, config, diagnostics);
            CheckMetrics(train, diagnostics);
            CheckHyperparameters(train, diagnostics);
            if (train.Tune is { } tune)
                TuningChecks.Check(step, train, tune, StartsByItself(train, config), diagnostics);
        }
    }

    /// <summary>A tuning job names no program: its container has to find one, as the training toolkits, the algorithms and a published C# program do.</summary>
    private static bool StartsByItself(TrainSection train, ModelConfig config)
    {
        var runtime = train.Runtime ?? config.Runtime;
        return train.Algorithm is not null || train.Unreadable.Overlaps(["algorithm", "runtime"]) || runtime?.Unreadable.Contains("framework") == true
            || (runtime?.Framework?.Value ?? Framework.Custom) is not (Framework.R or Framework.Custom);
    }

    private static void CheckSpot(TrainSection train, BuildSection build, DiagnosticBag diagnostics)
    {
        var runtime = train.MaxRuntime ?? build.MaxRuntime;
        if (train.Unreadable.Contains("max_runtime") || build.Unreadable.Contains("max_runtime") || train.Spot?.MaxWait is not { } wait)
            return;
        var longest = runtime?.Value ?? Duration.Parse("1h")!.Value;
        if (wait.Value.Time < longest.Time)
            diagnostics.Add(Errors.WaitIsTooShort(wait.Span, wait.Value.ToString(), longest.ToString()));
    }

    /// <summary>Frameworks whose containers train on one instance alone (scikit-learn's: "Using Scikit-learn with the SageMaker Python SDK").</summary>
    private static void CheckInstances(TrainSection train, ModelConfig config, DiagnosticBag diagnostics)
    {
        if ((train.Instance?.Count ?? config.Build!.Instance?.Count) is not { Value: > 1 } count)
            return;
        var runtime = train.Runtime ?? config.Runtime;
        var single = train.Algorithm?.Value.Name is { } algorithm ? Algorithms.TrainsOnOneInstance(algorithm) ? algorithm : null
            : runtime is { Image: null, Framework.Value: Framework.Sklearn } ? "sklearn"
            : runtime is { Image: null, Framework.Value: Framework.Dotnet } ? "dotnet" : null;
        if (single is not null)
            diagnostics.Add(Errors.OneInstanceOnly(count.Span, single));
    }

    /// <summary>SageMaker takes the first group of the match as the metric's value.</summary>
    private static void CheckMetrics(TrainSection train, DiagnosticBag diagnostics)
    {
        foreach (var (name, span, template) in train.Metrics ?? NamedMap<Template>.Empty)
        {
            if (name.Length > 255)
                diagnostics.Add(Errors.WrongName(span, "a metric", name, "a name has at most 255 characters."));
            if (template is not { IsLiteral: true })
                continue;
            if (template.Text.Length > 500)
                diagnostics.Add(Errors.NotARegex(template.Span, name, "it has more than 500 characters."));
            try
            {
                if (new Regex(template.Text, RegexOptions.CultureInvariant).GetGroupNumbers().Length < 2)
                    diagnostics.Add(Errors.NotARegex(template.Span, name, "it has no group. Put parentheses around the number: 'loss=([0-9.]+)'."));
            }
            catch (ArgumentException e)
            {
                diagnostics.Add(Errors.NotARegex(template.Span, name, e.Message));
            }
        }
    }

    private static void CheckHyperparameters(TrainSection train, DiagnosticBag diagnostics)
    {
        foreach (var (name, span, value) in train.Hyperparameters ?? NamedMap<Template>.Empty)
        {
            if (name.StartsWith("sagemaker_", StringComparison.Ordinal))
                diagnostics.Add(Errors.NameTaken(span, name, "SageMaker's script mode"));
            if (value is { Text.Length: > LongestValue })
                diagnostics.Add(Errors.OutOfRange(value.Span, name, string.Create(CultureInfo.InvariantCulture, $"A text of {value.Text.Length} characters"), $"at most {LongestValue} characters"));
        }
    }
}
