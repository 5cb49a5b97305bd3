using System.Reflection;

namespace Mlops.Configuration.Facts;

/// <summary>Tables of facts that lie in the assembly as text.</summary>
internal static class FactFile
{
    public static IEnumerable<string> Lines(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Mlops.Configuration.Facts.{name}")
            ?? throw new InvalidOperationException($"The assembly has no table '{name}'.");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
                yield return line;
        }
    }
}
