using System.Diagnostics;
using System.Text;

namespace Mlops.Quickstart;

/// <summary>How a command ended, with all that it printed.</summary>
public sealed record CommandResult(int ExitCode, string Output)
{
    /// <summary>The output where the command succeeded; else an exception that shows it.</summary>
    public string Succeeded() => ExitCode == 0 ? Output : throw new InvalidOperationException($"Exit code {ExitCode}:\n{Output}");
}

/// <summary>Runs commands as a user would type them, away from the caches and settings of whoever runs this.</summary>
public sealed class Dotnet(string folder, string packageCache)
{
    public string Folder { get; } = folder;

    public Task<CommandResult> RunAsync(params string[] arguments) => StartAsync("dotnet", Folder, arguments, echo: false);

    public Task<CommandResult> ShowAsync(params string[] arguments) => StartAsync("dotnet", Folder, arguments, echo: true);

    /// <summary>The same user in another folder.</summary>
    public Dotnet In(string subfolder) => new(Path.Combine(Folder, subfolder), packageCache);

    private async Task<CommandResult> StartAsync(string program, string workingFolder, string[] arguments, bool echo)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = workingFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        // A build engine that stays would keep tasks of another version, and what started us left variables of its own.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || k.StartsWith("Mlops", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["NUGET_PACKAGES"] = packageCache;
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = new StringBuilder();
        await Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        await process.WaitForExitAsync();
        return new CommandResult(process.ExitCode, output.ToString());

        async Task ReadAsync(StreamReader reader)
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                lock (output)
                    output.AppendLine(line);
                if (echo)
                    Console.WriteLine(line);
            }
        }
    }
}
