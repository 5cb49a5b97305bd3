using System.Globalization;

namespace Mlops.Configuration.Values;

/// <summary>A bound on an answer's time, written 500ms or 2s.</summary>
public readonly record struct Latency(TimeSpan Time)
{
    public const string Expected = "a time such as 500ms or 2s";

    public override string ToString() => Time.TotalMilliseconds % 1000 == 0
        ? new Duration(Time).ToString() : string.Create(CultureInfo.InvariantCulture, $"{Time.TotalMilliseconds}ms");
}

/// <summary>How long a step's result may be used again: a duration, or none.</summary>
/// <param name="Duration">Null: never.</param>
public readonly record struct CacheLifetime(Duration? Duration)
{
    public const string Expected = "none, or a duration such as 30d";

    public override string ToString() => Duration?.ToString() ?? "none";
}

/// <summary>A length of time, written 30s, 10m, 2h or 7d.</summary>
public readonly record struct Duration(TimeSpan Time)
{
    public const string Expected = "a duration such as 30s, 10m, 2h or 7d";

    public int Seconds => (int)Time.TotalSeconds;

    /// <summary>Parses 30s, 10m, 2h, 7d; and 500ms where <paramref name="milliseconds"/> are of use.</summary>
    public static Duration? Parse(string text, bool milliseconds = false)
    {
        if (milliseconds && text.EndsWith("ms", StringComparison.Ordinal) && text.Length < 12 && long.TryParse(text.AsSpan(0, text.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var ms))
            return new Duration(TimeSpan.FromMilliseconds(ms));
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
