using System.ComponentModel;
using System.Diagnostics;
using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Tests;

/// <summary>How programs are started: what they find, how they end, and that all they started ends with them.</summary>
public sealed class ChildProcessTests : IDisposable
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    public ChildProcessTests() => Skip.If(OperatingSystem.IsWindows(), "The programs are shell scripts.");

    [SkippableFact]
    public async Task A_program_finds_its_arguments_folder_environment_and_input()
    {
        var start = Shell("pwd; echo \"$1|$GIVEN|${HOME:-none}\"; cat; echo wrong >&2; exit 3", "an argument, 'quoted'");
        start.WorkingDirectory = folder.Path;
        start.Environment.Clear();
        start.Environment["GIVEN"] = "é";
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        using var child = ChildProcess.Start(start);
        await child.TellAsync("told\n", CancellationToken.None);

        Assert.Equal(folder.Path + "\nan argument, 'quoted'|é|none\ntold\n", await child.StandardOutput.ReadToEndAsync());
        Assert.Equal("wrong\n", await child.StandardError.ReadToEndAsync());
        Assert.Equal(3, await child.Exited);
    }

    [SkippableFact]
    public async Task A_program_leads_a_session_of_its_own_and_ends_with_all_that_it_started()
    {
        using var child = ChildProcess.Start(Shell("(sleep 300 & echo $!) ; exec sleep 300"));
        var grandchild = int.Parse((await child.StandardOutput.ReadLineAsync())!, System.Globalization.CultureInfo.InvariantCulture);

        child.Kill();

        Assert.Equal(128 + 9, await child.Exited);
        for (var i = 0; i < 100 && TestProcess.IsRunning(grandchild); i++)
            await Task.Delay(20);
        Assert.False(TestProcess.IsRunning(grandchild));
    }

    [SkippableFact]
    public async Task A_program_is_asked_to_end_before_it_is_ended()
    {
        using var child = ChildProcess.Start(Shell("trap 'echo asked; exit 7' TERM; echo ready; while :; do sleep 0.05; done"));
        await child.StandardOutput.ReadLineAsync();

        await child.StopAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(7, await child.Exited);
        Assert.Equal("asked", await child.StandardOutput.ReadLineAsync());
    }

    [SkippableFact]
    public async Task A_reader_that_goes_away_ends_a_program_as_in_a_shell()
    {
        // .NET itself ignores SIGPIPE, and a program would inherit that: 'yes' would go on with errors.
        using var child = ChildProcess.Start(Shell("yes | head -n 1; exec yes"));
        await child.StandardOutput.ReadLineAsync();
        child.Dispose();

        Assert.Equal(128 + 13, await child.Exited.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [SkippableFact]
    public void What_cannot_be_started_is_said_in_words()
    {
        var script = folder.Write("no-interpreter", "echo hello\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Assert.Contains("#!", Assert.Throws<Win32Exception>(() => ChildProcess.Start(new ProcessStartInfo(script))).Message, StringComparison.Ordinal);
        Assert.Equal(2, Assert.Throws<Win32Exception>(() => ChildProcess.Start(new ProcessStartInfo(folder.File("nothing")))).NativeErrorCode);
    }

    [SkippableFact]
    public async Task Many_at_once_each_have_their_own_end()
    {
        var codes = await Task.WhenAll(Enumerable.Range(0, 60).Select(async i =>
        {
            using var child = ChildProcess.Start(Shell($"read -r line; exit {i}"));
            await child.TellAsync("go\n", CancellationToken.None);
            return await child.Exited;
        }));

        Assert.Equal(Enumerable.Range(0, 60), codes);
    }

    public void Dispose() => folder.Dispose();

    private static ProcessStartInfo Shell(string script, params string[] arguments) => new("/bin/sh", ["-c", script, "sh", .. arguments]);
}
