using System.Diagnostics;
using Mlops.Compilation;
using Mlops.Configuration;

namespace Mlops.Benchmarks;

/// <summary>One repository in a warm process, and many in one call of the program: as a build and as a monorepo's CI compile.</summary>
internal static class CompilerBenchmark
{
    private const int Repositories = 100;
    private const string MemoryLine = "VmHWM:";

    public static void Run(string checkout, string folder)
    {
        var model = Path.Combine(checkout, "tests", "Mlops.Compilation.Tests", "Golden", "parameters");
        var golden = Path.Combine(model, "config.yaml");
        Figures.Report("validate one configuration", "ms", () => Figures.Time(20, () => ConfigurationReader.Read(golden)));
        Figures.Report("compile one model repository", "ms", () => Figures.Time(20, () => ModelCompiler.Compile(new CompileRequest(golden))));

        var configs = Enumerable.Range(0, Repositories).Select(i => CopyOf(model, Path.Combine(folder, $"model{i}"))).ToList();
        var most = 0.0;
        Figures.Report($"'mlops compile' of {Repositories} repositories, with the start of the program", "ms", () => Figures.Time(1, () => most = Math.Max(most, Compile(configs))));
        if (most > 0)
            Figures.Say($"its memory at most: {most:F0} MB");
    }

    /// <summary>Returns the most memory that the program held, in MB (Linux alone says).</summary>
    private static double Compile(IReadOnlyList<string> configs)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "mlops.dll"), "compile", .. configs]) { RedirectStandardOutput = true })!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var most = 0.0;
        while (!process.WaitForExit(TimeSpan.FromMilliseconds(5)))
            most = Math.Max(most, Memory(process.Id));
        return process.ExitCode == 0 ? most : throw new InvalidOperationException($"'mlops compile' ended with {process.ExitCode}.");
    }

    private static double Memory(int process)
    {
        try
        {
            return File.ReadLines($"/proc/{process}/status").FirstOrDefault(l => l.StartsWith(MemoryLine, StringComparison.Ordinal)) is { } line
                ? double.Parse(line[MemoryLine.Length..^"kB".Length], System.Globalization.CultureInfo.InvariantCulture) / 1024
                : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static string CopyOf(string model, string target)
    {
        foreach (var file in Directory.EnumerateFiles(model, "*", SearchOption.AllDirectories).Where(f => !f.Contains("expected", StringComparison.Ordinal)))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(model, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return Path.Combine(target, "config.yaml");
    }
}
