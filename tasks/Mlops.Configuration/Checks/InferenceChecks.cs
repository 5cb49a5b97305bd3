using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Files;
using Mlops.Configuration.Model;

namespace Mlops.Configuration.Checks;

/// <summary>How the model answers: programs, containers before and after the model, instance types.</summary>
internal static class InferenceChecks
{
    public static void Check(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (config.Inference is not { } inference)
            return;
        var runtime = config.ServingRuntime;
        if (inference.EntryPoint is not null || NeedsProgram(runtime, config) || inference.Unreadable.Contains("entry_point"))
            CodeChecks.Check(inference, inference.EntryPoint, inference.SourceDir, runtime, "inference", files, diagnostics);
        else if (inference.SourceDir is { } folder)
            diagnostics.Add(Errors.NoEffect(folder.Span, "source_dir", "there is no 'entry_point' that it could travel with. Add one, or remove it."));
        if (runtime?.Framework?.Value == Framework.Dotnet && inference.EntryPoint is { } entry && !entry.Value.FileName.Equals("serve.cs", StringComparison.OrdinalIgnoreCase))
            diagnostics.Add(Errors.ServeEntryPoint(entry.Span, entry.Value.Text));
        if (runtime is { Image: null, Framework.Value: Framework.Tensorflow } && inference.EntryPoint is { } handlers && handlers.Value.FileName != "inference.py")
            diagnostics.Add(Errors.TensorflowEntryPoint(handlers.Span, handlers.Value.Text));
        if (inference.SamplePayload is { } payload)
            FileChecks.FileExists(payload, "sample payload", files, diagnostics);
        foreach (var type in inference.Instances?.Realtime ?? [])
            InstanceChecks.CheckType(type, InstanceUse.Hosting, diagnostics);
        foreach (var type in inference.Instances?.Transform ?? [])
            InstanceChecks.CheckType(type, InstanceUse.Transform, diagnostics);
        foreach (var (container, name) in new[] { (inference.Preprocess, "inference.preprocess"), (inference.Postprocess, "inference.postprocess") })
        {
            if (container is not null)
                CheckContainer(container, name, container.Runtime ?? runtime, config, files, diagnostics);
        }

        if (inference.Output is { Probability: null, Threshold: { } threshold } output && !output.Unreadable.Contains("probability"))
            diagnostics.Add(Errors.NoEffect(threshold.Span, "threshold", "there is no 'probability' to compare with it. Name it, or remove it."));
    }

    /// <summary>
    /// Whether a program has to be named. Images of one's own and built-in algorithms answer by themselves, and so do the containers of
    /// TensorFlow (SavedModel), XGBoost (its own formats) and Hugging Face (pipelines).
    /// </summary>
    public static bool NeedsProgram(RuntimeSection? runtime, ModelConfig config) =>
        config.Build?.Train?.Algorithm is null && runtime?.Framework?.Value is null or Framework.Sklearn or Framework.Pytorch or Framework.R or Framework.Dotnet or Framework.Custom
        && !(runtime is { Image: not null, Framework: null or { Value: Framework.Custom } });

    private static void CheckContainer(ContainerSection container, string name, RuntimeSection? runtime, ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (container.EntryPoint is not null)
            CodeChecks.Check(container, container.EntryPoint, container.SourceDir, runtime, name, files, diagnostics);
        var isolated = config.Aws?.Network?.Isolated?.Value == true || (config.Deploy ?? []).Any(s => s.Aws?.Network?.Isolated?.Value == true);
        if (isolated && container.EntryPoint is { } fetched && runtime?.Image is null && runtime?.Framework?.Value != Framework.Dotnet)
            diagnostics.Add(Errors.Excludes(fetched.Span, "entry_point", "isolated", "this container fetches its code when it starts, and an isolated network lets it fetch nothing. Give it an image that has the code ('runtime.image'), or leave 'network.isolated' out."));
        if (container.Artifact is not { } artifact)
            return;
        var producers = ReferenceChecks.Producers(config);
        if (!producers.ContainsKey(artifact.Value))
        {
            if (!ReferenceChecks.IsOfUnreadable(artifact.Value, config))
                diagnostics.Add(Errors.UnknownReference(artifact.Span, artifact.Value, [.. producers.Keys.Where(p => p != "model")]));
        }
        else if (artifact.Value == "model")
        {
            diagnostics.Add(Errors.NoEffect(artifact.Span, "artifact", "the model has a container of its own. Name an output of a step, or remove it."));
        }
        else if (OutputOf(artifact.Value, config) is { } output && output.Format?.Value is not DataFormat.Files)
        {
            diagnostics.Add(Errors.WrongFormat(artifact.Span, artifact.Value, output.Format is { } f ? Binding.Words.Snake(f.Value) : "of the first input", "files", "a container's artifact is a model.tar.gz"));
        }
    }

    private static OutputSection? OutputOf(string reference, ModelConfig config)
    {
        var parts = reference.Split('.');
        return (config.Steps.FirstOrDefault(s => s.Name == parts[0])?.Section as ProcessingSection)?.Outputs?.Find(parts[^1])?.Value;
    }
}
