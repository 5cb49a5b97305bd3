using Mlops.Definitions;

namespace Mlops.Compilation;

/// <summary>A file that a build makes: a fixed name below the output folder, its content and its SHA-256.</summary>
/// <param name="Name">With '/' between folders.</param>
public sealed record Artifact(string Name, ReadOnlyMemory<byte> Content)
{
    public string Sha256 { get; } = Digest.Of(Content.Span);
}
