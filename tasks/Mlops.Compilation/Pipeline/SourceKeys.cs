using System.Text.Json.Nodes;
using Mlops.Compilation.Bundles;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Facts;
using Mlops.Definitions;

namespace Mlops.Compilation.Pipeline;

/// <summary>Where each bundle will lie in the bucket: keys that hold its hash, so that equal code is the same object.</summary>
public sealed class SourceKeys(string prefix, IReadOnlyDictionary<string, WrittenBundle> bundles)
{
    private readonly SortedDictionary<string, SourceBundle> used = new(StringComparer.Ordinal);

    /// <summary>What publish has to send, for the steps that were asked about.</summary>
    public IReadOnlyList<SourceBundle> Used => [.. used.Values];

    /// <summary>The S3 URI of a prefix with the bundle's files.</summary>
    public JsonNode FilesUri(BundlePlan bundle) => Uri(FilesKey(bundle));

    /// <summary>That prefix, as a key in the bucket.</summary>
    public string FilesKey(BundlePlan bundle) => Use(bundle, "source", archive: false).Key;

    /// <summary>The S3 URI of the bundle as the gzipped tar that SageMaker's script mode fetches.</summary>
    public JsonNode ArchiveUri(BundlePlan bundle) => Uri(Use(bundle, "archive", archive: true).Key + "/sourcedir.tar.gz");

    /// <summary>What starts a bundle's program in a processing container.</summary>
    public IReadOnlyList<string> Command(BundlePlan bundle, string folder)
    {
        var command = bundle.Command(folder);
        return bundles[bundle.Name].Installs ? [command[0], $"{folder}/{StepLauncher.FileName}", .. command.Skip(1)] : command;
    }

    /// <summary>The name of the bundle's tar among the artifacts.</summary>
    public string FileOf(BundlePlan bundle) => bundles[bundle.Name].Artifact.Name;

    private static JsonObject Uri(string key) =>
        Expression.Joined("/", [JsonValue.Create("s3:/"), Expression.Parameter(ReservedNames.Bucket), JsonValue.Create(key)]);

    private SourceBundle Use(BundlePlan bundle, string kind, bool archive)
    {
        var (artifact, imports, libraries) = (bundles[bundle.Name].Artifact, bundles[bundle.Name].Imports, bundles[bundle.Name].RLibraries);
        var key = $"{prefix}/{kind}/{artifact.Sha256}";
        return used[key] = new SourceBundle(artifact.Name, artifact.Sha256, key, archive)
        {
            PythonImports = imports.Packages.Count == 0 ? null : imports.Packages,
            RLibraries = libraries.Count == 0 ? null : libraries,
        };
    }
}
