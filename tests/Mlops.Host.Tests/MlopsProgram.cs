using System.Diagnostics;

namespace Mlops.Host.Tests;

/// <summary>The program, as a process of its own.</summary>
internal static class MlopsProgram
{
    public static Process Start(string folder, params string[] arguments) => Process.Start(Command(folder, arguments))!;

    /// <summary>How it is started, to be changed before.</summary>
    public static ProcessStartInfo Command(string folder, params string[] arguments) => new("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "mlops.dll"), .. arguments])
    {
        WorkingDirectory = folder,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        RedirectStandardInput = true,
    };

    public static async Task<(int ExitCode, string Output)> RunAsync(string folder, params string[] arguments)
    {
        using var process = Start(folder, arguments);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }

    /// <summary>The output of a command that must end well.</summary>
    public static async Task<string> SucceedAsync(string folder, params string[] arguments)
    {
        var (exitCode, output) = await RunAsync(folder, arguments);
        Assert.True(exitCode == 0, output);
        return output;
    }
}
