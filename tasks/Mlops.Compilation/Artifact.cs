using System.Security.Cryptography;

namespace Mlops.Compilation;

/// <summary>A file that a build makes: a fixed name below the output folder, its content and its SHA-256.</summary>
/// <param name="Name">With '/' between folders.</param>
public sealed record Artifact(string Name, ReadOnlyMemory<byte> Content)
{
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Content.Span));
}
