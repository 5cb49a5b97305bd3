using Mlops.Definitions;

namespace Mlops.Platform.Local.Storage;

/// <summary>Moves of whole files and folders: what has a final name is complete.</summary>
internal static class Files
{
    /// <summary>Copies a file or folder; a link is copied as what it points to only within data that the user named.</summary>
    public static void Copy(string from, string to)
    {
        if (Directory.Exists(from))
        {
            Directory.CreateDirectory(to);
            foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
                Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
            foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
                File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)), overwrite: true);
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to, overwrite: true);
        }
    }

    /// <summary>Fills a folder of another name and gives it its own when it is whole. There is none of that name.</summary>
    public static void PutFolder(string folder, Action<string> fill)
    {
        var temporary = $"{folder}.{Environment.ProcessId}.tmp";
        Delete(temporary);
        Directory.CreateDirectory(temporary);
        try
        {
            fill(temporary);
            Directory.Move(temporary, folder);
        }
        catch
        {
            Delete(temporary);
            throw;
        }
    }

    /// <summary>Moves what a folder holds to where others may lie already, as objects are put below a prefix: one of the same name is replaced, the others stay.</summary>
    public static void Merge(string from, string to)
    {
        if (File.Exists(to))
            throw new DefinitionException($"'{to}' is a file: S3 has objects below the name of another, and folders of this machine have not. Write to another prefix.");
        if (!Directory.Exists(to))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            Directory.Move(from, to);
            return;
        }

        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            Move(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        Delete(from);
    }

    /// <summary>Moves a folder, in place of one that is there.</summary>
    public static void Replace(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        Delete(to);
        Directory.Move(from, to);
    }

    /// <summary>Moves a file, in place of one that is there.</summary>
    public static void Move(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Move(from, to, overwrite: true);
    }

    /// <summary>Writes a file that is whole as soon as it is there.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        File.WriteAllBytes(temporary, content);
        File.Move(temporary, path, overwrite: true);
    }

    public static void Delete(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }
}
