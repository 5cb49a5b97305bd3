namespace Mlops.Platform.Local.Processes;

/// <summary>Finds programs as a shell does.</summary>
internal static class Programs
{
    private static readonly string[] Extensions = [".exe", ".cmd", ".bat", ""];

    /// <summary>The full path of a program, or null where it is not installed.</summary>
    public static string? Find(string name)
    {
        if (name == "dotnet" && Path.IsPathRooted(DotnetHost.Path))
            return DotnetHost.Path;
        if (name.Contains('/') || name.Contains('\\'))
            return File.Exists(name) ? Path.GetFullPath(name) : null;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (!OperatingSystem.IsWindows())
            return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        // An .exe wherever it is: a .cmd is run by a shell, which takes arguments otherwise. Python's installer names it python.exe.
        string[] names = name == "python3" ? [name, "python"] : [name];
        var found = names.SelectMany(n => Extensions.Select(e => n + e)).SelectMany(file => folders.Select(folder => Path.Combine(folder, file))).Where(File.Exists).ToList();
        // An empty one starts what the store installed, or opens the store.
        return found.Find(f => new FileInfo(f).Length > 0) ?? found.FirstOrDefault();
    }

    /// <summary>The full path of a program that a step runs with.</summary>
    /// <exception cref="PlatformException">MLOPS6003: it is not installed.</exception>
    public static string Installed(string name, string step) => Find(name) ?? throw LocalErrors.CannotStart(step, name, "it is not installed").ToException();

    /// <summary>What tells one installation of a program from another: its path, size and time.</summary>
    public static string Identity(string program)
    {
        // Of the program itself: what is upgraded in place often stands behind a link.
        var file = new FileInfo(program);
        file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        return file.Exists ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{program}|{file.Length}|{file.LastWriteTimeUtc.Ticks}") : program;
    }
}
