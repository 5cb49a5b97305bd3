using Mlops.Configuration.Text;

namespace Mlops.Configuration.Binding;

/// <summary>A mapping with known keys. Properties with <see cref="KeyAttribute"/> are its keys; a property is null where the key is left out or could not be read.</summary>
public abstract record Section
{
    public Span Span { get; set; } = Span.Start;

    /// <summary>Keys that are there and could not be read: their mistakes are reported, and nothing may follow from their absence.</summary>
    internal HashSet<string> Unreadable { get; } = new(StringComparer.Ordinal);
}
