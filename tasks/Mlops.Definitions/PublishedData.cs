using System.Text.Json.Serialization;

namespace Mlops.Definitions;

/// <param name="File">The Ustar file, relative to the artifacts.</param>
/// <param name="Sha256">Of the tar.</param>
/// <param name="Key">Where its files go: a prefix below the bucket that holds the hash.</param>
/// <param name="Archive">True: SageMaker's script mode wants it as one sourcedir.tar.gz under the key.</param>
public sealed record SourceBundle(string File, string Sha256, string Key, bool Archive)
{
    /// <summary>The modules that its Python program imports in any case and that do not travel with it; null: none, or not known.</summary>
    public IReadOnlyList<string>? PythonImports { get; init; }

    /// <summary>The packages that its R program attaches in any case; null: none, or not known.</summary>
    public IReadOnlyList<string>? RLibraries { get; init; }
}

/// <param name="Parameter">The pipeline parameter that takes the data set's S3 URI.</param>
/// <param name="Source">A path within the repository, or an S3 URI.</param>
public sealed record PublishedData(string Name, string Parameter, string Source)
{
    [JsonIgnore]
    public bool IsInS3 => S3Place.IsOne(Source);
}
