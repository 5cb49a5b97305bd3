using System.ComponentModel;
using System.Diagnostics;

namespace Mlops.Tests;

/// <summary>Packages of npm that tests take as witnesses. A machine without npm, or without a registry, skips these tests.</summary>
internal static class Npm
{
    /// <summary>The folder of a package, installed once below 'artifacts'.</summary>
    public static string Install(string package, string version)
    {
        var prefix = Path.Combine(TestFolder.Repository, "artifacts", "npm", $"{package}-{version}");
        var folder = Path.Combine(prefix, "node_modules", package);
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(prefix);
            var output = Run(prefix, "npm", "install", "--no-save", "--silent", "--prefix", prefix, $"{package}@{version}");
            Skip.If(output is null || !Directory.Exists(folder), "npm is not installed, or reaches no registry.");
        }

        return folder;
    }

    /// <summary>What a program writes; null: it failed, or is not there.</summary>
    public static string? Run(string folder, string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            _ = errors.Result;
            return process.ExitCode == 0 ? output : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
