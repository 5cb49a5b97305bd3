using System.Security.Cryptography;
using System.Text;

namespace Mlops.Definitions;

/// <summary>SHA-256 as the documents of this project write it: 64 lower-case hexadecimal digits.</summary>
public static class Digest
{
    public static string Of(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Of a text's UTF-8.</summary>
    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public static string Of(Stream content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public static bool IsOne(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}
