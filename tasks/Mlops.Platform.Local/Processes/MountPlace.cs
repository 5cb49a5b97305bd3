using System.Globalization;

namespace Mlops.Platform.Local.Processes;

/// <summary>One mount namespace, for one program at a time.</summary>
/// <param name="keeper">Has the namespace as long as it runs.</param>
/// <param name="link">Where its /opt/ml leads to.</param>
internal sealed class MountPlace(MountPool pool, ChildProcess keeper, string link) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{keeper.Id}");
    private string mounts = "";

    /// <summary>Whether nothing but the keeper is in the namespace, and what is mounted there is what was.</summary>
    public bool IsAsItWas
    {
        get
        {
            try
            {
                return !keeper.HasExited && File.ReadAllText($"{folder}/mountinfo") == mounts && IsEmpty();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    /// <summary>Whether everything is mounted, and a program can enter.</summary>
    public bool Works(string workingFolder)
    {
        var told = keeper.StandardOutput.ReadLineAsync();
        if (!told.Wait(Patience) || told.Result is null)
            return false;
        mounts = File.ReadAllText($"{folder}/mountinfo");
        var command = Enter(["true"], workingFolder);
        return ShortProgram.Run(command[0], [.. command.Skip(1)], Patience) is (0, _, _);
    }

    public bool TryGive(string baseFolder)
    {
        if (keeper.HasExited)
            return false;
        File.Delete(link);
        Directory.CreateSymbolicLink(link, baseFolder);
        return true;
    }

    /// <summary>The command that starts another one in the namespace. It stays one process: signals reach the program.</summary>
    public IReadOnlyList<string> Enter(IReadOnlyList<string> command, string workingFolder) =>
    [
        Programs.Find("nsenter") ?? "nsenter", $"--user={folder}/ns/user", $"--mount={folder}/ns/mnt", "--preserve-credentials", $"--wdns={workingFolder}", "--",
        Programs.Find(command[0]) ?? command[0], .. command.Skip(1),
    ];

    /// <summary>The program has ended.</summary>
    public void Return() => pool.Return(this);

    /// <summary>Takes the namespace away, once no program is in it.</summary>
    public void End()
    {
        if (keeper.HasExited)
            return; // Its number may be another's by now.
        keeper.Kill();
        keeper.Exited.Wait(Patience);
    }

    public void Dispose()
    {
        End();
        keeper.Dispose();
    }

    private bool IsEmpty()
    {
        var own = new FileInfo($"{folder}/ns/mnt").LinkTarget;
        return own is not null && Directory.EnumerateDirectories("/proc").Where(p => char.IsAsciiDigit(p[^1]) && p != folder).All(p => new FileInfo($"{p}/ns/mnt").LinkTarget != own);
    }
}
