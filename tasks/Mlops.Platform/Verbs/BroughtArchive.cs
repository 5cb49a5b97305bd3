namespace Mlops.Platform.Verbs;

/// <summary>The model.tar.gz of a model that a user brings: what is given, or what it is packed of, with the code that containers look for in it.</summary>
internal static class BroughtArchive
{
    public const string Name = "model.tar.gz";

    /// <summary>Where containers look for code in the model's archive, as package_model.py puts it there.</summary>
    private const string Code = "code";

    /// <summary>Makes it in a folder, and gives its path. The same model and code give the same bytes.</summary>
    /// <param name="given">A model.tar.gz, or a file or folder.</param>
    /// <param name="code">The tar of the code; null: none goes into it.</param>
    public static string Make(string given, string? code, string folder)
    {
        var target = Path.Combine(folder, Name);
        var files = Directory.CreateDirectory(Path.Combine(folder, "files")).FullName;
        if (Directory.Exists(given))
            CopyFolder(given, files);
        else if (given.EndsWith(".tar.gz", StringComparison.OrdinalIgnoreCase) || given.EndsWith(".tgz", StringComparison.OrdinalIgnoreCase))
            Archives.Unpack(given, files); // Also where it is taken as it is: one that cannot be read would only be found when it is served.
        else
            File.Copy(given, Path.Combine(files, Path.GetFileName(given)));
        if (code is null && File.Exists(given) && !File.Exists(Path.Combine(files, Path.GetFileName(given))))
        {
            File.Copy(given, target);
            return target;
        }

        if (code is not null)
        {
            if (Directory.Exists(Path.Combine(files, Code)))
                Directory.Delete(Path.Combine(files, Code), recursive: true); // Of an earlier packaging.
            Archives.Unpack(code, Path.Combine(files, Code));
        }

        Archives.Pack(files, target);
        return target;
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
