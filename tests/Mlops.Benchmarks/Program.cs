using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Mlops.Benchmarks;
using Mlops.Compilation;
using Mlops.Configuration;
using Mlops.Definitions;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Local;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

// Figures, not tests: dotnet run -c Release --project tests/Mlops.Benchmarks
// Each is a median of several rounds in one warm process; the engine's cost is what a step takes above starting its program.
const int Steps = 100;
const int Rounds = 7;

var golden = Path.Combine(FindRepository(), "tests", "Mlops.Compilation.Tests", "Golden", "parameters", "config.yaml");
Report("validate one configuration", "ms", () => Time(20, () => ConfigurationReader.Read(golden)));
Report("compile one model repository", "ms", () => Time(20, () => ModelCompiler.Compile(new CompileRequest(golden))));

var folder = Directory.CreateTempSubdirectory("mlops-benchmark-").FullName;
try
{
    var workspace = new Workspace
    {
        Repository = folder,
        Artifacts = folder,
        Pipeline = Chain(),
        Deployment = new DeploymentDefinition { ModelName = "m", PipelineName = "p", ModelPackageGroupName = "m", ConfigFile = "config.yaml", ConfigSha256 = "", Prefix = "m" },
    };
    await using var platform = LocalPlatform.Open(workspace, new ServerProgram(["false"], ""), new Silence());
    await PublishVerb.RunAsync(new VerbContext(workspace, platform, new Silence()), default);

    var bare = Report($"start {Steps} programs, one after another", "ms", () => Time(1, () =>
    {
        for (var i = 0; i < Steps; i++)
        {
            using var process = Process.Start("setsid", ["/bin/true"])!;
            process.WaitForExit();
        }
    }));
    var engine = Report($"run a pipeline of {Steps} steps, one after another", "ms", () => Time(1, () =>
        platform.Pipelines.RunAsync(workspace, new RunRequest(), default).GetAwaiter().GetResult()));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"the engine's own cost of a step: {(engine - bare) / Steps:F2} ms"));
    await EndpointBenchmark.RunAsync(Path.Combine(folder, "capture"));
}
finally
{
    Directory.Delete(folder, recursive: true);
}

static double Time(int times, Action work)
{
    var clock = Stopwatch.StartNew();
    for (var i = 0; i < times; i++)
        work();
    return clock.Elapsed.TotalMilliseconds / times;
}

static double Report(string what, string unit, Func<double> measure)
{
    measure();
    var figures = Enumerable.Range(0, Rounds).Select(_ => measure()).Order().ToList();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {figures[Rounds / 2]:F2} {unit} ({figures[0]:F2} to {figures[^1]:F2})"));
    return figures[Rounds / 2];
}

static PipelineDefinition Chain()
{
    var steps = new JsonArray();
    for (var i = 0; i < Steps; i++)
    {
        var step = new JsonObject
        {
            ["Name"] = $"s{i}",
            ["Type"] = "Processing",
            ["Arguments"] = new JsonObject
            {
                ["AppSpecification"] = new JsonObject { ["ImageUri"] = "any", ["ContainerEntrypoint"] = new JsonArray("/bin/true") },
                ["ProcessingOutputConfig"] = new JsonObject
                {
                    ["Outputs"] = new JsonArray(new JsonObject { ["OutputName"] = "o", ["S3Output"] = new JsonObject { ["S3Uri"] = Expression.Joined("/", [JsonValue.Create("s3://local/b"), Expression.Reference("Execution.PipelineExecutionId"), JsonValue.Create($"s{i}")]), ["LocalPath"] = "/opt/ml/processing/output/o" } }),
                },
            },
        };
        if (i > 0)
            step["DependsOn"] = new JsonArray($"s{i - 1}");
        steps.Add(step);
    }

    return PipelineDefinition.Parse(Encoding.UTF8.GetBytes(new JsonObject { ["Steps"] = steps }.ToJsonString()));
}

static string FindRepository()
{
    var folder = new DirectoryInfo(AppContext.BaseDirectory);
    while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MlopsSdk.sln")))
        folder = folder.Parent;
    return folder?.FullName ?? throw new InvalidOperationException("This program belongs into a checkout of the repository.");
}

internal sealed class Silence : IEventSink
{
    public void Add(PlatformEvent e)
    {
    }
}
