using System.Text.RegularExpressions;

namespace Mlops.Platform.Local.Toolkits;

/// <summary>Scripts that have functions for serving, as SageMaker's own containers call them: on this machine a small server of the standard library does.</summary>
internal static partial class ScriptMode
{
    /// <summary>Whether a program has the inference toolkit's functions, and does not serve by itself.</summary>
    public static bool IsServedByToolkit(string program)
    {
        var functions = Path.GetExtension(program).ToUpperInvariant() switch { ".PY" => PythonFunctions(), ".R" => RFunctions(), _ => null };
        return functions is not null && File.ReadLines(program).Any(line => functions.IsMatch(line));
    }

    /// <summary>Writes the server for a program's language into a folder, and gives its path.</summary>
    public static string WriteServer(string folder, string program) => Write(folder, program.EndsWith(".py", StringComparison.OrdinalIgnoreCase) ? "serve.py" : "serve.R");

    /// <summary>Writes one of this folder's scripts.</summary>
    public static string Write(string folder, string script)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, script);
        using var source = typeof(ScriptMode).Assembly.GetManifestResourceStream($"Mlops.Platform.Local.Toolkits.{script}")!;
        using var target = File.Create(path);
        source.CopyTo(target);
        return path;
    }

    [GeneratedRegex(@"^(async\s+)?def\s+(model_fn|transform_fn|predict_fn|input_fn|output_fn)\s*\(")]
    private static partial Regex PythonFunctions();

    [GeneratedRegex(@"^(model_fn|predict_fn|input_fn|output_fn)\s*(<-|=)\s*function\b")]
    private static partial Regex RFunctions();
}
