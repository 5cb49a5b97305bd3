namespace Mlops.Configuration.Facts;

/// <summary>
/// The names of IANA's time zone database (2025b, links included). A table of our own, because a machine without tzdata
/// would refuse what another accepts.
/// </summary>
public static class TimeZones
{
    private static readonly Lazy<HashSet<string>> Known = new(() => [.. FactFile.Lines("time-zones.txt")]);

    public static IReadOnlyCollection<string> Names => Known.Value;

    public static bool Exists(string name) => Known.Value.Contains(name);
}
