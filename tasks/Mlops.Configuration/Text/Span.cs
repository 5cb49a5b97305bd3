namespace Mlops.Configuration.Text;

/// <summary>A place in a text: lines and columns are 1-based, columns count UTF-16 units, the end is exclusive.</summary>
public readonly record struct Span(int Line, int Column, int EndLine, int EndColumn)
{
    /// <summary>The first character of a file: where a mistake is reported that no single place shows.</summary>
    public static Span Start { get; } = new(1, 1, 1, 1);

    public static Span At(int line, int column) => new(line, column, line, column);

    public override string ToString() => $"({Line},{Column})";
}
