using System.Text.RegularExpressions;

namespace Mlops.Platform.Local.Containers;

/// <summary>What is kept of a container beside the folder that it sees, for whoever has to end it: its id, its image, its environment.</summary>
internal sealed partial class ContainerRecord(string folder)
{
    private const string IdName = "container.id";

    /// <summary>ENDPOINT/START/container-2 at most.</summary>
    private const int Deepest = 3;

    /// <summary>Written by the engine.</summary>
    public string IdFile => Path.Combine(folder, IdName);

    public string EnvironmentFile => Path.Combine(folder, "container.env");

    /// <summary>What the program sees as /opt/ml.</summary>
    public string MountedFolder => Path.Combine(folder, ContainerFolder.MountedName);

    public string? Image => File.Exists(ImageFile) ? File.ReadAllText(ImageFile) : null;

    /// <summary>Null: it was not started, or what is there is no id.</summary>
    public string? Id => File.Exists(IdFile) && File.ReadAllText(IdFile).Trim() is { } id && IdForm().IsMatch(id) ? id : null;

    private string ImageFile => Path.Combine(folder, "container.image");

    /// <summary>Those of a folder and of those below it, but never of what a program sees: it could name others.</summary>
    public static IEnumerable<ContainerRecord> Below(string folder) => Below(folder, Deepest);

    /// <param name="environment">NAME=VALUE, one a line; only this user can read it.</param>
    public void Write(string image, string environment)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(ImageFile, image);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(EnvironmentFile, options);
        writer.Write(environment);
    }

    public void Delete()
    {
        foreach (var file in new[] { IdFile, ImageFile, EnvironmentFile })
            File.Delete(file);
    }

    private static IEnumerable<ContainerRecord> Below(string folder, int depth)
    {
        if (!Directory.Exists(folder))
            return [];
        var own = new ContainerRecord(folder);
        var below = depth == 0 ? [] : Directory.EnumerateDirectories(folder).Where(f => Path.GetFileName(f) != ContainerFolder.MountedName).SelectMany(f => Below(f, depth - 1));
        return File.Exists(own.ImageFile) ? below.Prepend(own) : below;
    }

    [GeneratedRegex("^[0-9a-f]{12,64}$")]
    private static partial Regex IdForm();
}
