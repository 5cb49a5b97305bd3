using System.Globalization;
using System.Security.Cryptography;

namespace Mlops.Platform.Governance;

/// <summary>
/// S3's entity tag of a file: its MD5, or that of the MD5s of its parts with their number ("Checking object integrity", ETag). Objects that a key of KMS
/// encrypts have others.
/// </summary>
public static class EntityTag
{
    private const long MiB = 1 << 20;

    /// <summary>Sizes of parts, in MiB, that S3's clients choose.</summary>
    private static readonly long[] PartSizes = [5, 8, 10, 15, 16, 20, 25, 32, 50, 64, 100, 128, 256, 512, 1024];

    /// <summary>The tag that a file has with parts as many as those of a given tag; null: the file is not there, or no usual size of parts makes so many.</summary>
    /// <param name="given">With or without S3's quotes.</param>
    public static string? Of(string file, string given)
    {
        if (!File.Exists(file))
            return null;
        var length = new FileInfo(file).Length;
        if (given.Trim('"').Split('-') is not [_, var parts] || !int.TryParse(parts, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return Hash(file, length, out _);
        var tags = PartSizes.Select(s => s * MiB).Where(s => (length + s - 1) / s == count).Select(s => Of(file, s, count)).ToList();
        return tags.Find(t => t == given.Trim('"')) ?? tags.FirstOrDefault();
    }

    private static string Of(string file, long size, int count)
    {
        Hash(file, size, out var parts);
        return string.Create(CultureInfo.InvariantCulture, $"{Hex(parts)}-{count}");
    }

    /// <param name="parts">The MD5s of all parts, one behind the other.</param>
    /// <returns>The MD5 of the last part.</returns>
    private static string Hash(string file, long size, out byte[] parts)
    {
        using var stream = File.OpenRead(file);
        using var all = new MemoryStream();
        var buffer = new byte[MiB];
        byte[] last;
        do
        {
#pragma warning disable CA5351 // S3 chose it; nothing here is kept safe by it.
            using var part = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
            var left = size;
            for (int read; left > 0 && (read = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, left))) > 0; left -= read)
                part.AppendData(buffer, 0, read);
            last = part.GetHashAndReset();
            all.Write(last);
        }
        while (stream.Position < stream.Length);
        parts = all.ToArray();
        return Convert.ToHexStringLower(last);
    }

#pragma warning disable CA5351 // As above.
    private static string Hex(byte[] parts) => Convert.ToHexStringLower(MD5.HashData(parts));
#pragma warning restore CA5351
}
