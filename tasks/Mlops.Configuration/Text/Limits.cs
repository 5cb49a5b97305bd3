namespace Mlops.Configuration.Text;

/// <summary>What a configuration may cost to read. Real ones stay far below; what exceeds a limit is refused with its place.</summary>
public static class Limits
{
    /// <summary>Size of the file in bytes: 1 MiB.</summary>
    public const int Bytes = 1024 * 1024;

    /// <summary>Nesting of mappings and sequences.</summary>
    public const int Depth = 64;

    /// <summary>Nodes (scalars, mappings, sequences), each alias counted with all that it stands for.</summary>
    public const int Nodes = 10_000;
}
