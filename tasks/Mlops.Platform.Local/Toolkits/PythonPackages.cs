using System.Text.Json;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Toolkits;

/// <summary>Whether the Python of this machine has what the programs import: a run of an hour must not end in its last step for want of a package.</summary>
internal static class PythonPackages
{
    private const string Interpreter = "python3";

    private const string NotebookRunner = "papermill";
    private const string NotebookClient = "nbclient";

    /// <summary>Prints those of its arguments that cannot be imported, as JSON. It imports none of them: that may take seconds.</summary>
    private const string Ask = "import importlib.util as u, json, sys; print(json.dumps([m for m in sys.argv[1:] if m not in sys.builtin_module_names and u.find_spec(m) is None]))";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Packages whose name in the index is not that of the module.</summary>
    private static readonly Dictionary<string, string> IndexNames = new(StringComparer.Ordinal)
    {
        ["sklearn"] = "scikit-learn",
        ["cv2"] = "opencv-python",
        ["PIL"] = "pillow",
        ["yaml"] = "PyYAML",
        ["bs4"] = "beautifulsoup4",
        ["skimage"] = "scikit-image",
        ["dateutil"] = "python-dateutil",
    };

    /// <summary>What programs would fail of at an import; null: nothing.</summary>
    /// <param name="interpreters">What the programs start with.</param>
    /// <param name="others">Steps whose program no bundle holds, with the packages that it imports.</param>
    public static Problem? Missing(Workspace workspace, IReadOnlyDictionary<string, string> interpreters, IEnumerable<(string Step, IReadOnlyList<string> Imports)> others)
    {
        var programs = workspace.Deployment.Sources.Where(s => s.PythonImports is not null).DistinctBy(s => s.File).Select(s => (Step: Path.GetFileNameWithoutExtension(s.File), Imports: s.PythonImports!))
            .Concat(others).ToList();
        var interpreter = interpreters.GetValueOrDefault(Interpreter, Interpreter);
        if (programs.Count == 0 || Missing(interpreter, [.. programs.SelectMany(p => p.Imports).Append(NotebookClient).Distinct().Order(StringComparer.Ordinal)]) is not { } missing)
            return null;
        // Notebooks run with either of the two.
        if (!missing.Remove(NotebookClient))
            missing.Remove(NotebookRunner);
        if (missing.Count == 0)
            return null;
        var step = programs.First(p => p.Imports.Any(missing.Contains)).Step;
        var shown = string.Join(", ", missing.Select(m => $"'{m}'"));
        var install = string.Join(' ', missing.Select(m => IndexNames.GetValueOrDefault(m, m)));
        // An environment that was made of requirements.txt is made anew when that changes: what is installed by hand is lost.
        return workspace.At(PythonEnvironments.IsMade(interpreter) ? LocalErrors.PackagesNotRequired(step, shown, install.Replace(" ", ", ", StringComparison.Ordinal)) : LocalErrors.PackagesMissing(step, interpreter, shown, install), step);
    }

    /// <returns>Null: the interpreter cannot be asked. A step that needs it will say why.</returns>
    private static List<string>? Missing(string interpreter, IEnumerable<string> modules)
    {
        if (Programs.Find(interpreter) is not { } program)
            return null;
        try
        {
            return ShortProgram.Run(program, ["-c", Ask, .. modules], Patience) is (0, var output, _) ? JsonSerializer.Deserialize<List<string>>(output) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
