using Mlops.Configuration.Binding;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Runtimes: SageMaker has an image of the framework's version for what it is used for, or one is given.</summary>
internal static class RuntimeChecks
{
    private const string DefaultInstance = "ml.m5.xlarge";

    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        // What a runtime that several share lacks is said once.
        var lacking = new HashSet<RuntimeSection>(ReferenceEqualityComparer.Instance);
        foreach (var use in Uses(config).Where(u => !lacking.Contains(u.Runtime)))
        {
            if (Missing(use, [.. Regions(config, use.Use)]) is not { } missing)
                continue;
            lacking.Add(use.Runtime);
            diagnostics.Add(missing);
        }

        foreach (var step in config.Steps.Select(s => s.Section).OfType<TrainSection>())
        {
            if (step.Algorithm is not { Value: var algorithm, Span: var place })
                continue;
            if (step.Runtime is { } beside && (algorithm.Name != Algorithms.Xgboost || beside.Framework is { Value: not Framework.Xgboost }))
                diagnostics.Add(Errors.Excludes(beside.Span, "runtime", "algorithm", algorithm.Name == Algorithms.Xgboost ? "the algorithm is one of the framework xgboost. Name that, or remove one of the two." : "a built-in algorithm brings its own image. Remove one of the two."));
            else if (step.Runtime is null && config.Aws?.Region?.Value.Name is { } region && !ImageRegistries.Accounts(Algorithms.Registry(algorithm.Name)).ContainsKey(region))
                diagnostics.Add(Errors.ImageElsewhere(place, algorithm.Name, region));
        }

        var all = config.Steps.Select(s => (s.Section as StepSection)?.Runtime)
            .Concat([config.Runtime, config.Inference?.Runtime, config.Inference?.Preprocess?.Runtime, config.Inference?.Postprocess?.Runtime]).OfType<RuntimeSection>();
        foreach (var runtime in all.Distinct(ReferenceEqualityComparer.Instance).Cast<RuntimeSection>())
            CheckKeys(runtime, diagnostics);
    }

    /// <summary>A runtime, what for, and the instance that it runs on; null: the default one.</summary>
    private sealed record RuntimeUse(RuntimeSection Runtime, ImageUse Use, Located<InstanceType>? Instance);

    private static IEnumerable<RuntimeUse> Uses(ModelConfig config)
    {
        foreach (var step in config.Steps.Select(s => s.Section).OfType<StepSection>())
        {
            // A built-in algorithm brings its own image, of whose versions a runtime of its own chooses.
            if ((step is TrainSection { Algorithm: not null } ? step.Runtime : step.Runtime ?? config.Runtime) is { } runtime)
                yield return new(runtime, ImageUse.Training, step.Instance?.Type ?? config.Build?.Instance?.Type);
        }

        if (!config.HasModel)
            yield break;
        // A version is registered with what serves it, whether or not a stage does.
        var serving = config.Inference?.Runtime ?? (config.Build?.Train?.Algorithm is null ? config.ServingRuntime : null);
        foreach (var runtime in new[] { serving, config.Inference?.Preprocess?.Runtime, config.Inference?.Postprocess?.Runtime }.OfType<RuntimeSection>())
        {
            foreach (var instance in Instances(config).DefaultIfEmpty(null))
                yield return new(runtime, ImageUse.Inference, instance);
        }
    }

    private static IEnumerable<Located<InstanceType>?> Instances(ModelConfig config) =>
        (config.Deploy ?? []).SelectMany(s => new[] { s.Realtime?.Instance?.Type, s.Async?.Instance?.Type, s.Batch?.Instance?.Type }).Where(t => t is not null);

    private static IEnumerable<string> Regions(ModelConfig config, ImageUse use)
    {
        var stages = use == ImageUse.Inference ? (config.Deploy ?? []).Select(s => s.Aws?.Region?.Value.Name) : [];
        return stages.Prepend(config.Aws?.Region?.Value.Name).OfType<string>().Distinct();
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

    private static Diagnostic? Missing(RuntimeUse use, IReadOnlyList<string> regions)
    {
        var runtime = use.Runtime;
        if (runtime.Image is not null || runtime.Unreadable.Overlaps(["framework", "framework_version", "image"]) || runtime.Framework is not { } framework || !FrameworkImages.HasImages(framework.Value))
            return null;
        // The newest first: they are what is looked for.
        IReadOnlyList<string> known = [.. FrameworkImages.Versions(framework.Value, use.Use).Reverse()];
        var (name, purpose) = (Words.Snake(framework.Value), use.Use == ImageUse.Training ? "training" : "inference");
        if (runtime.FrameworkVersion is not { } version)
            return Errors.RuntimeWithoutVersion(framework.Span, name, known);
        var images = FrameworkImages.Find(framework.Value, use.Use, version.Value);
        if (images.Count == 0)
            return Errors.UnknownFrameworkVersion(version.Span, name, version.Value, purpose, known);
        // An image that brings its own Python leaves nothing to choose: that of training has, or CheckKeys says so.
        if (runtime.PythonVersion is { } python && images[0].Python is not null && images.All(i => i.Python != python.Value))
            return Errors.UnknownChoice(python.Span, "py_version", python.Value, [.. images.Select(i => i.Python!)]);
        var processor = use.Instance is { } instance ? InstanceTypes.ProcessorOf(instance.Value.Name) : Processor.Cpu;
        if (images[^1].Tag(processor) is null)
            return Errors.ImageDoesNotRun((use.Instance?.Span ?? version.Span), name, version.Value, purpose, use.Instance?.Value.Name ?? DefaultInstance, images[^1].GpuTag is null ? "ml.m5.xlarge" : "ml.g5.xlarge");
        var accounts = ImageRegistries.Accounts(images[^1].Registry);
        return regions.FirstOrDefault(r => !accounts.ContainsKey(r)) is { } region ? Errors.ImageElsewhere(version.Span, name, region) : null;
    }
}
