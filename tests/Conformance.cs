using System.Diagnostics;

namespace Mlops.Tests;

/// <summary>Witnesses that this project did not write, where they are installed: AWS's own API models, boto3.</summary>
internal static class Conformance
{
    public const string Missing = "The conformance kit is not here (MLOPS_CONFORMANCE names its folder).";

    /// <summary>The kit's folder, or null.</summary>
    public static string? Folder { get; } = new[] { Environment.GetEnvironmentVariable("MLOPS_CONFORMANCE"), Path.Combine(TestFolder.Repository, "..", "shared", "conformance") }
        .FirstOrDefault(f => f is not null && Directory.Exists(f));

    /// <summary>Whether python3 has a module.</summary>
    public static bool HasPython(string module) => RunPython("-c", $"import {module}").ExitCode == 0;

    public static (int ExitCode, string Output) RunPython(params string[] arguments) => Run("python3", arguments);

    public static (int ExitCode, string Output) Run(string program, params string[] arguments) => Run(program, arguments, _ => { });

    public static (int ExitCode, string Output) Run(string program, string[] arguments, Action<ProcessStartInfo> prepare)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        prepare(start);
        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output + errors.Result);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (-1, e.Message);
        }
    }
}
