using Mlops.Configuration.Binding;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Tags, personas, labelling, continuous integration.</summary>
internal static class OrganisationChecks
{
    public static void Check(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        CheckTags(config.Model?.Tags, diagnostics);
        // An experiment's name is shorter than a pipeline's (ExperimentEntityName of SageMaker's API).
        if (config.Build is { Pipeline: { Value.Length: > 120 } pipeline, Experiment: null } build && !build.Unreadable.Contains("experiment"))
            diagnostics.Add(Errors.MissingKey(pipeline.Span, "experiment", "'build'", "It has the pipeline's name where nothing is said, and takes at most 120 characters."));
        if (config.Access is { DataScientist: null, MlEngineer: null, Approver: null, Auditor: null, Unreadable.Count: 0 } access)
            diagnostics.Add(Errors.NoEffect(access.Span, "access", "it names no persona. Give it 'data_scientist', 'ml_engineer', 'approver' or 'auditor'."));
        // They are handed on in a list, which commas part.
        foreach (var principal in new[] { config.Access?.DataScientist, config.Access?.MlEngineer, config.Access?.Approver, config.Access?.Auditor }.SelectMany(p => p?.Principals ?? []).Where(p => p.Value.Text.Contains(',', StringComparison.Ordinal)))
            diagnostics.Add(Errors.WrongValue(principal.Span, "principals", principal.Value.Text, "ARNs without ','"));
        if (config.Notify is { Emails: null, Topic: null, Unreadable.Count: 0 } notify)
            diagnostics.Add(Errors.NoEffect(notify.Span, "notify", "it names nobody. Give it 'emails' or a 'topic'."));
        if (config.Labeling is { } labeling)
            CheckLabeling(labeling, config, files, diagnostics);
        if (config.Ci is { } ci)
            CheckCi(ci, diagnostics);
    }

    /// <summary>Tag keys and values as every service takes them ("Tag naming limits and requirements").</summary>
    private static void CheckTags(NamedMap<Given<string>>? tags, DiagnosticBag diagnostics)
    {
        foreach (var (name, span, value) in tags ?? NamedMap<Given<string>>.Empty)
        {
            if (tags!.First(t => t.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is var first && first.NameSpan != span)
                diagnostics.Add(Errors.NameTwice(span, name, first.NameSpan)); // Keys of IAM's tags differ by more than case.
            if (name.StartsWith("aws:", StringComparison.OrdinalIgnoreCase) || name.StartsWith("mlops:", StringComparison.OrdinalIgnoreCase))
                diagnostics.Add(Errors.NameTaken(span, name, name.StartsWith("aws:", StringComparison.OrdinalIgnoreCase) ? "AWS" : "the SDK"));
            else if (name.Length is 0 or > 128 || !name.All(IsTagCharacter))
                diagnostics.Add(Errors.WrongName(span, "a tag", name, "a key has 1 to 128 letters, digits, spaces and _ . : / = + - @"));
            if (value is { Value.Length: > 256 } || value?.Value.All(IsTagCharacter) == false)
                diagnostics.Add(Errors.WrongValue(value.Span, name, value.Value, "at most 256 letters, digits, spaces and _ . : / = + - @"));
        }

        static bool IsTagCharacter(char c) => char.IsLetterOrDigit(c) || c is ' ' or '_' or '.' or ':' or '/' or '=' or '+' or '-' or '@';
    }

    private static void CheckLabeling(LabelingSection labeling, ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (labeling.Data is { } data)
        {
            if (config.Data?.Find(data.Value) is not { } found)
            {
                if (!config.Unreadable.Contains("data"))
                    diagnostics.Add(Errors.UnknownDataSet(data.Span, data.Value, [.. config.Data?.Names ?? []]));
            }
            else if (found.Value is { } set && set.Format?.Value != DataFormat.Manifest && !set.Unreadable.Contains("format"))
            {
                diagnostics.Add(Errors.WrongFormat(data.Span, data.Value, Words.Snake(set.Format?.Value ?? DataFormat.Files), "manifest", "labels come as a manifest"));
            }
        }

        if (labeling.Template is { } template)
            FileChecks.FileExists(template, "template", files, diagnostics);
        if (labeling is { Tool.Value: LabelingTool.GroundTruth, Workers: null } && !labeling.Unreadable.Contains("workers"))
            diagnostics.Add(Errors.MissingKey(labeling.Span, "workers", "'labeling'", "Ground Truth asks a work team."));
        if (labeling is { Labels: null, Task.Value: not LabelingTask.Custom } && !labeling.Unreadable.Contains("labels") && labeling.Task is not null)
            diagnostics.Add(Errors.MissingKey(labeling.Span, "labels", "'labeling'", "The answers to choose from."));
    }

    private static void CheckCi(CiSection ci, DiagnosticBag diagnostics)
    {
        if (ci.Provider is not { } provider)
            return;
        if (provider.Value != CiProvider.Codepipeline && ci.Connection is { } connection)
            diagnostics.Add(Errors.NoEffect(connection.Span, "connection", "only codepipeline reads a repository through a connection. Remove it."));
        if (provider.Value == CiProvider.Codepipeline && ci.Role is { } unused)
            diagnostics.Add(Errors.NoEffect(unused.Span, "role", "a build of codepipeline works with the role of its own project. Remove it."));
        if (provider.Value != CiProvider.Codepipeline && ci.Role is null && !ci.Unreadable.Contains("role"))
            diagnostics.Add(Errors.MissingKey(ci.Span, "role", "'ci'", "The role that a build takes on through OIDC: no key is stored."));
        if (provider.Value != CiProvider.Codepipeline && ci.Repository is { } repository && !repository.Value.Contains('/', StringComparison.Ordinal))
            diagnostics.Add(Errors.WrongValue(repository.Span, "repository", repository.Value, "OWNER/NAME"));
    }
}
