using System.Text;
using Mlops.Configuration.Diagnostics;
using Mlops.Definitions;

namespace Mlops.Compilation.Ci;

/// <summary>Writes files into the repository: one that a person has changed since is left as it is, and said to be.</summary>
public static class CiFileWriter
{
    private const string Mark = "# Made from config.yaml by 'dotnet build -t:MlopsCi' or 'mlops ci': change it there, and make this anew. sha256:";

    /// <returns>The paths of the files that are up to date now, relative to the folder.</returns>
    public static IReadOnlyList<string> Write(string folder, IEnumerable<CiFile> files, DiagnosticBag diagnostics)
    {
        var written = new List<string>();
        foreach (var file in files)
        {
            var path = Path.Combine(folder, file.Path.Replace('/', Path.DirectorySeparatorChar));
            if (File.Exists(path) && !IsOurs(File.ReadAllText(path)))
            {
                diagnostics.Add(CompileErrors.FileOfAnother(file.Path));
                continue;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            ArtifactWriter.Write(path, Encoding.UTF8.GetBytes($"{Mark}{Digest.Of(file.Text)}\n{file.Text}"));
            written.Add(file.Path);
        }

        return written;
    }

    private static bool IsOurs(string text)
    {
        var (line, rest) = text.ReplaceLineEndings("\n").Split('\n', 2) is [var first, var others] ? (first, others) : (text, "");
        return line.StartsWith(Mark, StringComparison.Ordinal) && line[Mark.Length..] == Digest.Of(rest);
    }

}
