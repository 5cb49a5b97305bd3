using Mlops.Benchmarks;

// Figures, not tests: dotnet run -c Release --project tests/Mlops.Benchmarks [compiler|engine|endpoint ...]
string[] all = ["compiler", "engine", "endpoint"];
if (args.FirstOrDefault(a => !all.Contains(a)) is { } unknown)
{
    await Console.Error.WriteLineAsync($"There is no benchmark '{unknown}': give some of {string.Join(", ", all)}, or nothing for all of them.");
    return 2;
}

var folder = Directory.CreateTempSubdirectory("mlops-benchmark-").FullName;
try
{
    var chosen = args.Length == 0 ? all : args;
    if (chosen.Contains("compiler"))
        CompilerBenchmark.Run(FindCheckout(), Path.Combine(folder, "models"));
    if (chosen.Contains("engine"))
        await EngineBenchmark.RunAsync(Path.Combine(folder, "engine"));
    if (chosen.Contains("endpoint"))
        await EndpointBenchmark.RunAsync(Path.Combine(folder, "capture"));
    return 0;
}
finally
{
    Directory.Delete(folder, recursive: true);
}

static string FindCheckout()
{
    var folder = new DirectoryInfo(AppContext.BaseDirectory);
    while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MlopsSdk.sln")))
        folder = folder.Parent;
    return folder?.FullName ?? throw new InvalidOperationException("This program belongs into a checkout of the repository.");
}
