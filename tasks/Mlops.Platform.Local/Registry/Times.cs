using System.Globalization;

namespace Mlops.Platform.Local.Registry;

/// <summary>Times in the registry: ISO 8601, UTC, so that text order is time order.</summary>
internal static class Times
{
    public static string Now => Text(DateTimeOffset.UtcNow);

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    public static DateTimeOffset Parse(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
