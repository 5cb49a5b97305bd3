using Mlops.Configuration.Text;

namespace Mlops.Configuration.Binding;

/// <summary>A mapping with known keys. Properties with <see cref="KeyAttribute"/> are its keys; a property is null where the key is left out or could not be read.</summary>
public abstract record Section
{
    public Span Span { get; set; } = Span.Start;
}
