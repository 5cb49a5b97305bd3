using Mlops.Configuration.Binding;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;

namespace Mlops.Configuration.Checks;

/// <summary>Runtimes: SageMaker has an image of the framework's version for what it is used for, or one is given.</summary>
internal static class RuntimeChecks
{
    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        // What a runtime that several share lacks is said once.
        var lacking = new HashSet<RuntimeSection>(ReferenceEqualityComparer.Instance);
        foreach (var step in config.Steps)
        {
            if (step.Section is TrainSection { Algorithm: not null } algorithm)
            {
                if (algorithm.Runtime is { } own && algorithm.Algorithm!.Value.Value.Name != "xgboost")
                    diagnostics.Add(Errors.Excludes(own.Span, "runtime", "algorithm", "a built-in algorithm brings its own image. Remove one of the two."));
            }
            else if (step.Section is StepSection code && (code.Runtime ?? config.Runtime) is { } runtime)
            {
                CheckImage(runtime, ImageUse.Training, lacking, diagnostics);
            }
        }

        if ((config.Inference is not null || config.Deploy is not null) && config.Build?.Train?.Algorithm is null && config.ServingRuntime is { } serving)
            CheckImage(serving, ImageUse.Inference, lacking, diagnostics);
        foreach (var container in new[] { config.Inference?.Preprocess, config.Inference?.Postprocess })
        {
            if (container?.Runtime is { } own)
                CheckImage(own, ImageUse.Inference, lacking, diagnostics);
        }

        var all = config.Steps.Select(s => (s.Section as StepSection)?.Runtime)
            .Concat([config.Runtime, config.Inference?.Runtime, config.Inference?.Preprocess?.Runtime, config.Inference?.Postprocess?.Runtime]).OfType<RuntimeSection>();
        foreach (var runtime in all.Distinct(ReferenceEqualityComparer.Instance).Cast<RuntimeSection>())
            CheckKeys(runtime, diagnostics);
    }

    private static void CheckKeys(RuntimeSection runtime, DiagnosticBag diagnostics)
    {
        if (runtime is { Image: not null, FrameworkVersion: { } version })
            diagnostics.Add(Errors.NoEffect(version.Span, "framework_version", "the 'image' is one already. Remove one of the two."));
        if (runtime is { Image: not null, PythonVersion: { } python })
            diagnostics.Add(Errors.NoEffect(python.Span, "py_version", "the 'image' is one already. Remove one of the two."));
        if (runtime is { Image: null, Framework.Value: var framework and (Framework.R or Framework.Dotnet or Framework.Custom), FrameworkVersion: { } unused })
            diagnostics.Add(Errors.NoEffect(unused.Span, "framework_version", $"SageMaker has no image of '{Words.Snake(framework)}'. Remove it, or name an 'image'."));
        if (runtime is { Image: null, Framework.Value: var other, PythonVersion: { } py } && !FrameworkImages.HasImages(other))
            diagnostics.Add(Errors.NoEffect(py.Span, "py_version", $"SageMaker has no image of '{Words.Snake(other)}'. Remove it, or name an 'image'."));
    }

    private static void CheckImage(RuntimeSection runtime, ImageUse use, HashSet<RuntimeSection> lacking, DiagnosticBag diagnostics)
    {
        if (lacking.Contains(runtime) || runtime.Image is not null || runtime.Unreadable.Overlaps(["framework", "framework_version", "image"]) || runtime.Framework is not { } framework || !FrameworkImages.HasImages(framework.Value))
            return;
        var known = FrameworkImages.Versions(framework.Value, use);
        if (known.Count == 0)
            return;
        var name = Words.Snake(framework.Value);
        if (runtime.FrameworkVersion is not { } version)
            Report(Errors.RuntimeWithoutVersion(framework.Span, name, known));
        else if (FrameworkImages.Find(framework.Value, use, version.Value) is not { } image)
            Report(Errors.UnknownFrameworkVersion(version.Span, name, version.Value, use == ImageUse.Training ? "training" : "inference", known));
        else if (runtime.PythonVersion is { } python && !image.Pythons.Contains(python.Value))
            Report(Errors.UnknownChoice(python.Span, "py_version", python.Value, [.. image.Pythons]));

        void Report(Diagnostic diagnostic)
        {
            lacking.Add(runtime);
            diagnostics.Add(diagnostic);
        }
    }
}
