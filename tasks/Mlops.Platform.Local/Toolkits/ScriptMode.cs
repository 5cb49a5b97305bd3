using System.Text.RegularExpressions;

namespace Mlops.Platform.Local.Toolkits;

/// <summary>Scripts that have functions for serving, as SageMaker's own containers call them: on this machine a small server of the standard library does.</summary>
internal static partial class ScriptMode
{
    private const string Server = "serve.py";

    /// <summary>Whether a Python program has the inference toolkit's functions, and does not serve by itself.</summary>
    public static bool IsServedByToolkit(string program) =>
        program.EndsWith(".py", StringComparison.OrdinalIgnoreCase) && File.ReadLines(program).Any(line => Functions().IsMatch(line));

    /// <summary>Writes the server into a folder, and gives its path.</summary>
    public static string WriteServer(string folder) => Write(folder, Server);

    /// <summary>Writes one of this folder's scripts.</summary>
    public static string Write(string folder, string script)
    {
        var path = Path.Combine(folder, script);
        using var source = typeof(ScriptMode).Assembly.GetManifestResourceStream($"Mlops.Platform.Local.Toolkits.{script}")!;
        using var target = File.Create(path);
        source.CopyTo(target);
        return path;
    }

    [GeneratedRegex(@"^(async\s+)?def\s+(model_fn|transform_fn|predict_fn|input_fn|output_fn)\s*\(")]
    private static partial Regex Functions();
}
