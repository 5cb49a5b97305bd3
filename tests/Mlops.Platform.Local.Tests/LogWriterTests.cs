using System.Diagnostics;
using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Tests;

public sealed class LogWriterTests
{
    /// <summary>/dev/full takes nothing, as a disk without room does.</summary>
    [SkippableFact]
    public async Task A_full_disk_costs_the_log_and_the_last_lines_stay_few()
    {
        Skip.IfNot(File.Exists("/dev/full"), "this system has no /dev/full");
        var lines = 0;
        using var folder = TestFolder.Temporary();
        File.CreateSymbolicLink(folder.File("log"), "/dev/full");
        using var log = new LogWriter(folder.File("log"), _ => lines++);
        using var process = ChildProcess.Start(new ProcessStartInfo("sh", ["-c", "i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i + 1)); done"]));

        await log.CopyAsync(process);
        await process.Exited;

        Assert.Equal(500, lines);
        var tail = log.Tail.Split('\n');
        Assert.True(tail.Length <= 20, log.Tail);
        Assert.Contains("line 499", tail);
    }
}
