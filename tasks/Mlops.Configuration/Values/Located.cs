using Mlops.Configuration.Text;

namespace Mlops.Configuration.Values;

/// <summary>A value and the place that it was read from.</summary>
public readonly record struct Located<T>(T Value, Span Span)
{
    public override string ToString() => $"{Value}";
}
