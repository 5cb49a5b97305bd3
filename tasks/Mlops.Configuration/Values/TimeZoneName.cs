namespace Mlops.Configuration.Values;

/// <summary>A time zone by its IANA name.</summary>
public readonly record struct TimeZoneName(string Name)
{
    public override string ToString() => Name;
}
