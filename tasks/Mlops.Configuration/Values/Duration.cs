using System.Globalization;

namespace Mlops.Configuration.Values;

/// <summary>A length of time, written 30s, 10m, 2h or 7d.</summary>
public readonly record struct Duration(TimeSpan Time)
{
    public const string Expected = "a duration such as 30s, 10m, 2h or 7d";

    public int Seconds => (int)Time.TotalSeconds;

    public static Duration? Parse(string text)
    {
        if (text.Length is < 2 or > 10 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return null;
        var seconds = text[^1] switch { 's' => 1L, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        return seconds == 0 || number * seconds > 3650L * 86400 ? null : new Duration(TimeSpan.FromSeconds(number * seconds));
    }

    /// <summary>ISO 8601, as SageMaker's cache wants it: P30D, PT2H.</summary>
    public string ToIso8601()
    {
        if (Time.TotalDays >= 1 && Time.Hours == 0 && Time.Minutes == 0 && Time.Seconds == 0)
            return string.Create(CultureInfo.InvariantCulture, $"P{(int)Time.TotalDays}D");
        return Time.Seconds == 0 && Time.Minutes == 0
            ? string.Create(CultureInfo.InvariantCulture, $"PT{(int)Time.TotalHours}H")
            : string.Create(CultureInfo.InvariantCulture, $"PT{Seconds}S");
    }

    public override string ToString() => Time switch
    {
        { TotalSeconds: var s } when s % 86400 == 0 => string.Create(CultureInfo.InvariantCulture, $"{s / 86400}d"),
        { TotalSeconds: var s } when s % 3600 == 0 => string.Create(CultureInfo.InvariantCulture, $"{s / 3600}h"),
        { TotalSeconds: var s } when s % 60 == 0 => string.Create(CultureInfo.InvariantCulture, $"{s / 60}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Time.TotalSeconds}s"),
    };
}
