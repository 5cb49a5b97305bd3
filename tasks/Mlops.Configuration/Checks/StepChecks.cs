using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Steps: there is a model to make, each has what its kind needs, and its instances are fit for it.</summary>
internal static class StepChecks
{
    public static void Check(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        CheckModel(config, files, diagnostics);
        InstanceChecks.CheckShared(config.Build?.Instance, config.Steps.Select(s => s.Section).OfType<JobSection>().Where(j => j.Instance?.Type is null && j.Instance?.Unreadable.Contains("type") != true).Select(InstanceUse), diagnostics);
        foreach (var step in config.Steps)
        {
            var use = InstanceUse(step.Section);
            if (step.Section is JobSection job)
                InstanceChecks.Check(job.Instance, use, diagnostics, hasVolume: job is not TransformStep);
            if (step.Section is StepSection code)
                CheckCode(step.Name, code, config, files, diagnostics);
            if (step.Section is JobSection and not TrainSection and not TransformStep and { MaxRuntime: { } longest } && longest.Value.Seconds > Facts.JobLimits.ProcessingSeconds)
                diagnostics.Add(Errors.OutOfRange(longest.Span, "max_runtime", longest.Value.ToString(), "a processing job ends after 9d"));
            if (step.Section is TransformStep transform)
                CheckTransform(step.Name, transform, diagnostics);
            CheckInputKeys(step.Section, diagnostics);
        }
    }

    private static Facts.InstanceUse InstanceUse(FurtherStep step) => step switch
    {
        TrainSection => Facts.InstanceUse.Training,
        TransformStep => Facts.InstanceUse.Transform,
        _ => Facts.InstanceUse.Processing,
    };

    private static void CheckModel(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        var build = config.Build;
        if (config.Model?.Artifact is { } artifact)
        {
            if (build?.Train is { } train)
                diagnostics.Add(Errors.Excludes(train.Span, "build.train", "model.artifact", "a model is trained or brought. Remove one of the two."));
            if (!artifact.Value.IsS3)
                FileChecks.FileExists(new(artifact.Value.Path, artifact.Span), "model artifact", files, diagnostics);
            if (!artifact.Value.Text.EndsWith(".tar.gz", StringComparison.Ordinal))
                diagnostics.Add(Errors.WrongValue(artifact.Span, "artifact", artifact.Value.Text, "a model.tar.gz: SageMaker unpacks no other form"));
        }
        else if (build is { Train: null } && !build.Unreadable.Contains("train") && config.Model?.Unreadable.Contains("artifact") != true)
        {
            diagnostics.Add(Errors.NothingToTrain(build.Span));
        }
        else if (build is null && !config.Unreadable.Contains("build") && config.Model is { } model && !model.Unreadable.Contains("artifact"))
        {
            diagnostics.Add(Errors.MissingKey(model.Span, "build", "the configuration", "The pipeline that trains the model; or name a model that you bring in 'model.artifact'."));
        }
    }

    private static void CheckCode(string name, StepSection step, ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        var hasAlgorithm = step is TrainSection train && (train.Algorithm is not null || train.Unreadable.Contains("algorithm"));
        if (hasAlgorithm)
            RefuseCodeOfAlgorithm((TrainSection)step, diagnostics);
        else if (step is NotebookStep)
            CodeChecks.CheckNotebook(step, name, files, diagnostics);
        else
            CodeChecks.Check(step, step.EntryPoint, step.SourceDir, step.Runtime ?? config.Runtime, name, files, diagnostics);
        if (step.Inputs is not { Count: > 0 } && !step.Unreadable.Contains("inputs") && (step is TrainSection || name is ConfiguredStep.Preprocess or ConfiguredStep.Evaluate or ConfiguredStep.Postprocess))
            diagnostics.Add(Errors.StepWithoutInput(step.Span, name));
        foreach (var twice in (step.Secrets ?? NamedMap<Given<Arn>>.Empty).Where(s => step.Environment?.Find(s.Name) is not null))
            diagnostics.Add(Errors.NameTwice(twice.NameSpan, twice.Name, step.Environment!.Find(twice.Name)!.NameSpan));
        // SageMaker's own training images fetch it themselves, where they have a network.
        var fetches = step is TrainSection && config.Aws?.Network is not { Isolated.Value: true } && (step.Runtime ?? config.Runtime)?.Framework is { } framework && Facts.FrameworkImages.HasImages(framework.Value);
        if (!hasAlgorithm && !fetches && step.Inputs?.Find("code") is { } code)
            diagnostics.Add(Errors.NameTaken(code.NameSpan, "code", "the step's own code"));
        if (config.Aws?.Network is { Isolated: { Value: true } } && step.Secrets is { Count: > 0 } secrets)
            diagnostics.Add(Errors.Excludes(secrets.Span, "secrets", "network.isolated", "a job without a network reaches no Secrets Manager. Remove one of the two."));
        if (step is not TrainSection && (step.Inputs?.Count ?? 0) > 9)
            diagnostics.Add(Errors.TooMany(step.Inputs!.Span, $"inputs of '{name}', and its code", step.Inputs.Count, 9));
        if (step is EvaluateSection { Outputs: { } outputs } && outputs.Find("report") is null && outputs.Count > 9)
            diagnostics.Add(Errors.TooMany(outputs.Span, "outputs of 'evaluate', and its report", outputs.Count, 9));
        foreach (var (output, span, value) in (step as ProcessingSection)?.Outputs ?? NamedMap<OutputSection>.Empty)
        {
            if (value is { Header: { } header, Format.Value: not DataFormat.Csv })
                diagnostics.Add(Errors.NoEffect(header.Span, "header", "only CSV files have a header. Remove it, or say 'format: csv'."));
        }
    }

    private static void RefuseCodeOfAlgorithm(TrainSection train, DiagnosticBag diagnostics)
    {
        foreach (var (key, span) in new[] { ("entry_point", train.EntryPoint?.Span), ("source_dir", train.SourceDir?.Span) })
        {
            if (span is { } at)
                diagnostics.Add(Errors.Excludes(at, key, "algorithm", "a built-in algorithm brings its own program. Remove one of the two."));
        }
    }

    /// <summary>A transform reads one set of records with the model.</summary>
    private static void CheckTransform(string name, TransformStep step, DiagnosticBag diagnostics)
    {
        if (step.Inputs is { } inputs && inputs.All(i => i.Value?.From is not null)
            && (inputs.Count(i => i.Value!.From!.Value.Value == "model") != 1 || inputs.Count != 2))
            diagnostics.Add(Errors.TransformInputs(inputs.Span, name));
        if (step.MaxRuntime is { } longest)
            diagnostics.Add(Errors.NoEffect(longest.Span, "max_runtime", "SageMaker's transform jobs have no time limit. Remove it."));
        if (step.Join is { Value: Join.Input } join && step.Split?.Value != Split.Line && !step.Unreadable.Contains("split"))
            diagnostics.Add(Errors.NoEffect(join.Span, "join", "records are joined line by line, which needs 'split: line'. Add that, or remove it."));
    }

    /// <summary>How a channel is read is a matter of training alone.</summary>
    private static void CheckInputKeys(FurtherStep step, DiagnosticBag diagnostics)
    {
        var inputs = step switch { StepSection s and not TrainSection => s.Inputs, TransformStep t => t.Inputs, _ => null };
        foreach (var input in (inputs ?? NamedMap<InputSection>.Empty).Select(i => i.Value).OfType<InputSection>())
        {
            foreach (var (key, span) in new[] { ("content_type", input.ContentType?.Span), ("mode", input.Mode?.Span) })
            {
                if (span is { } at)
                    diagnostics.Add(Errors.NoEffect(at, key, "only the channels of a training step have it. Remove it."));
            }

            if (step is TransformStep && input.Distribution is { } distribution)
                diagnostics.Add(Errors.NoEffect(distribution.Span, "distribution", "a transform always divides its records. Remove it."));
        }
    }
}
