using System.CommandLine;
using Mlops.Compilation;
using Mlops.Definitions;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Governance;
using Mlops.Platform.Local;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>Checks the digests of a version's statement against what is here. With a statement as a file, no network is needed.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var statement = new Argument<string?>("statement") { Description = "A statement (in-toto, JSON). Default: the one of '--version'.", Arity = ArgumentArity.ZeroOrOne };
        var version = VersionOption.Create("The model version. Default: the newest.");
        var artifact = new Option<string?>("--model") { Description = "A model archive to check against the statement as well." };
        var command = new Command("verify", "Checks that the configuration, code, data and model that are here are those that a version was made of.") { statement, version, artifact };
        command.Validators.Add(result =>
        {
            if (result.GetValue(statement) is not null && result.GetResult(version) is { Implicit: false })
                result.AddError("A statement is of one version: leave out '--version', or the statement.");
        });
        VerbRunner.Set(command, new CommonOptions(), async (parsed, context, cancellation) =>
        {
            var provenance = parsed.GetValue(statement) is { } file ? Read(file)
                : await LineageVerb.ProvenanceOfAsync(context, parsed.GetValue(version) ?? await NewestAsync(context, cancellation), cancellation);
            var here = Here(context.Workspace);
            if (provenance.Subjects is not [var subject])
                throw PlatformErrors.ProvenanceUnreadable(parsed.GetValue(statement) ?? "the statement", "it is not of one model archive").ToException();
            // Here the archive lies beside what it was made of; a statement of elsewhere may be of a model that never was here.
            var model = parsed.GetValue(artifact) ?? (context.Platform is LocalPlatform local && parsed.GetValue(statement) is null ? local.Store.PathOf(subject.Name) : null);
            if (model is null)
                context.Events.Add(new Notice($"{subject.Name}: not looked at ('--model' names its archive)"));
            else
                here[subject.Name] = subject.Algorithm == Material.ETag ? EntityTag.Of(model, subject.Digest!) : HashOf(model);
            var differing = 0;
            foreach (var material in provenance.Materials.Concat(model is null ? [] : [subject]))
            {
                var found = here.GetValueOrDefault(material.Name);
                var isSame = material.Digest?.Trim('"') == found; // S3 gives its tags in quotes.
                var same = material.Digest is null ? "not known" : isSame ? "the same"
                    : material.Algorithm == Material.ETag && File.Exists(model) ? $"differs, or S3 keeps it encrypted with a key of KMS, or it was sent in parts of an unusual size: '{material.Digest}' is its entity tag there, and this file's would be another"
                    : $"differs: {material.Digest} there, {found ?? "nothing"} here";
                differing += material.Digest is null || isSame ? 0 : 1;
                context.Events.Add(new Notice($"{material.Name}: {same}"));
            }

            return differing == 0 ? new Outcome { Verb = "verify" } : throw PlatformErrors.NotVerified(differing).ToException();
        });
        return command;
    }

    /// <summary>What is here, by the names of a statement. Code is bundled anew, as a build would.</summary>
    private static Dictionary<string, string?> Here(Workspace workspace)
    {
        var commit = GitState.Commit(workspace.Repository);
        var here = new Dictionary<string, string?>(StringComparer.Ordinal) { [Material.Repository] = commit, [Material.ChangedRepository] = commit, [Material.UnknownRepository] = commit, [workspace.Deployment.ConfigFile] = HashOf(workspace.ConfigFile) };
        foreach (var source in workspace.Deployment.Sources)
            here[Material.Code + source.File] = source.Sha256;
        if (File.Exists(workspace.ConfigFile))
        {
            foreach (var bundle in ModelCompiler.Bundles(new CompileRequest(workspace.ConfigFile)))
                here[Material.Code + bundle.Name] = bundle.Sha256;
        }

        foreach (var data in workspace.Deployment.Data.Where(d => Path.Exists(workspace.FullPath(d.Source))))
            here[Material.DataSet + data.Name] = ContentHash.Of(workspace.FullPath(data.Source));
        return here;
    }

    private static string? HashOf(string file) => File.Exists(file) ? ContentHash.Of(file) : null;

    private static Provenance Read(string file)
    {
        try
        {
            return Provenance.Parse(File.ReadAllBytes(file), $"'{file}'");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DefinitionException)
        {
            throw PlatformErrors.ProvenanceUnreadable(file, e.Message).ToException();
        }
    }

    private static async Task<int> NewestAsync(VerbContext context, CancellationToken cancellation)
    {
        var group = context.Workspace.Deployment.ModelPackageGroupName;
        return (await context.Platform.Models.ListAsync(group, cancellation)).Select(v => (int?)v.Version).Max() ?? throw PlatformErrors.NoVersion(group, context.Platform.Name).ToException();
    }
}
