using System.Globalization;

namespace Mlops.Configuration.Values;

/// <summary>A size in bytes, written 6mb or 30gb (MiB, GiB).</summary>
public readonly record struct ByteSize(long Bytes)
{
    public const string Expected = "a size such as 512mb or 30gb";

    public int GiB => (int)(Bytes >> 30);

    public static ByteSize? Parse(string text)
    {
        if (text.Length is < 3 or > 9 || !long.TryParse(text.AsSpan(0, text.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return null;
        return text[^2..] switch
        {
            "mb" => new ByteSize(number << 20),
            "gb" => new ByteSize(number << 30),
            _ => null,
        };
    }

    public override string ToString() => Bytes % (1L << 30) == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{Bytes >> 30}gb")
        : string.Create(CultureInfo.InvariantCulture, $"{Bytes >> 20}mb");
}
