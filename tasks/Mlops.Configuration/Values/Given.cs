using Mlops.Configuration.Text;

namespace Mlops.Configuration.Values;

/// <summary>A value of a map with names that the user chose, with its place.</summary>
public sealed record Given<T>(T Value, Span Span);
