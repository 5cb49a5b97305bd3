using System.ComponentModel;
using System.Diagnostics;

namespace Mlops.Platform;

/// <summary>What git says of a repository, read from its own files: no program has to be there.</summary>
public static class GitState
{
    /// <summary>The commit that is checked out; null: there is none.</summary>
    public static string? Commit(string folder)
    {
        try
        {
            if (GitFolder(folder) is not { } git)
                return null;
            var head = File.ReadAllText(Path.Combine(git, "HEAD")).Trim();
            if (!head.StartsWith("ref: ", StringComparison.Ordinal))
                return IsCommit(head) ? head : null;
            var reference = head["ref: ".Length..];
            var common = File.Exists(Path.Combine(git, "commondir")) ? Path.GetFullPath(Path.Combine(git, File.ReadAllText(Path.Combine(git, "commondir")).Trim())) : git;
            var loose = Path.Combine(common, reference);
            var commit = File.Exists(loose) ? File.ReadAllText(loose).Trim() : Packed(common, reference);
            return commit is not null && IsCommit(commit) ? commit : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether files differ from the commit, by git itself; null: it is not here, or does not say. data.lock is written by every run.</summary>
    public static bool? IsChanged(string folder)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["status", "--porcelain", "--", ".", ":(exclude)data.lock"])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
                CreateNoWindow = true,
                // Looking must not write: another git may be at work.
                Environment = { ["GIT_OPTIONAL_LOCKS"] = "0" },
            })!;
            git.StandardInput.Close();
            _ = git.StandardError.ReadToEndAsync();
            var changed = git.StandardOutput.ReadToEnd().Length > 0;
            git.WaitForExit();
            return git.ExitCode == 0 ? changed : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static string? Packed(string git, string reference)
    {
        var packed = Path.Combine(git, "packed-refs");
        return !File.Exists(packed) ? null
            : File.ReadLines(packed).Select(l => l.Split(' ')).FirstOrDefault(l => l.Length == 2 && l[1] == reference)?[0];
    }

    /// <summary>The folder '.git', of this folder or one above; a worktree has a file there that names another.</summary>
    private static string? GitFolder(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            var git = Path.Combine(at.FullName, ".git");
            if (Directory.Exists(git))
                return git;
            if (File.Exists(git) && File.ReadAllText(git).Trim() is { } text && text.StartsWith("gitdir: ", StringComparison.Ordinal))
                return Path.GetFullPath(Path.Combine(at.FullName, text["gitdir: ".Length..]));
        }

        return null;
    }

    private static bool IsCommit(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower);
}
