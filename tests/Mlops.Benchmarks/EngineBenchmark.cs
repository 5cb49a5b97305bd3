using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Local;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Benchmarks;

/// <summary>What the engine costs above the start of a step's program, what a run costs whose steps are all cached, and whether memory grows.</summary>
internal static class EngineBenchmark
{
    private const int Steps = 100;
    private const int CachedSteps = 200;
    private const int ManyRuns = 100;

    public static async Task RunAsync(string folder)
    {
        var bare = Figures.Report($"start {Steps} programs, one after another", "ms", () => Figures.Time(1, () =>
        {
            for (var i = 0; i < Steps; i++)
            {
                using var process = Process.Start("/bin/true");
                process.WaitForExit();
            }
        }));
        foreach (var sandbox in new[] { LocalSettings.ProcessSandbox, LocalSettings.NamespaceSandbox })
        {
            await using var runs = await Runs.OpenAsync(Path.Combine(folder, sandbox), Chain(Steps, isCached: false), sandbox);
            var engine = Figures.Report($"run a pipeline of {Steps} steps, sandbox '{sandbox}'", "ms", () => Figures.Time(1, runs.Run));
            Figures.Say($"the engine's own cost of a step: {(engine - bare) / Steps:F2} ms");
        }

        await using (var cached = await Runs.OpenAsync(Path.Combine(folder, "cached"), Chain(CachedSteps, isCached: true), LocalSettings.ProcessSandbox))
            Figures.Report($"run a pipeline of {CachedSteps} steps that are all cached", "ms", () => Figures.Time(1, cached.RunWithAnotherParameter));

        await using var many = await Runs.OpenAsync(Path.Combine(folder, "many"), Chain(Steps, isCached: false), LocalSettings.ProcessSandbox);
        for (var i = 1; i <= ManyRuns; i++)
        {
            many.Run();
            if (i is ManyRuns / 10 or ManyRuns)
                Figures.Say($"memory after {i * Steps} steps: {Memory():F0} MB");
        }
    }

    private static double Memory()
    {
        GC.Collect();
        return Environment.WorkingSet / 1024.0 / 1024;
    }

    private static PipelineDefinition Chain(int count, bool isCached)
    {
        var steps = new JsonArray();
        for (var i = 0; i < count; i++)
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
            if (isCached)
                step["CacheConfig"] = new JsonObject { ["Enabled"] = true, ["ExpireAfter"] = "P30D" };
            if (i > 0)
                step["DependsOn"] = new JsonArray($"s{i - 1}");
            steps.Add(step);
        }

        return PipelineDefinition.Parse(Encoding.UTF8.GetBytes(new JsonObject
        {
            ["Parameters"] = new JsonArray(new JsonObject { ["Name"] = "unused", ["Type"] = "Integer", ["DefaultValue"] = 0 }),
            ["Steps"] = steps,
        }.ToJsonString()));
    }

    /// <summary>A pipeline that is published, to be run again and again.</summary>
    private sealed class Runs(Workspace workspace, LocalPlatform platform) : IAsyncDisposable
    {
        private int number;

        public static async Task<Runs> OpenAsync(string folder, PipelineDefinition pipeline, string sandbox)
        {
            Directory.CreateDirectory(folder);
            var workspace = new Workspace
            {
                Repository = folder,
                Artifacts = folder,
                Pipeline = pipeline,
                Deployment = new DeploymentDefinition
                {
                    ModelName = "m",
                    PipelineName = "p",
                    ModelPackageGroupName = "m",
                    ConfigFile = "config.yaml",
                    ConfigSha256 = "",
                    Prefix = "m",
                    Local = new LocalSettings { Sandbox = sandbox },
                },
            };
            var platform = LocalPlatform.Open(workspace, new ServerProgram(["false"], ""), new Silence());
            await PublishVerb.RunAsync(new VerbContext(workspace, platform, new Silence()), default);
            return new Runs(workspace, platform);
        }

        public void Run() => Run(new RunRequest());

        /// <summary>Another run, whose steps are those of the one before.</summary>
        public void RunWithAnotherParameter() => Run(new RunRequest { Parameters = new Dictionary<string, string> { ["unused"] = (++number).ToString(CultureInfo.InvariantCulture) } });

        public ValueTask DisposeAsync() => platform.DisposeAsync();

        private void Run(RunRequest request)
        {
            var result = platform.Pipelines.RunAsync(workspace, request, default).GetAwaiter().GetResult();
            if (result is not { Ran: true, Status: "Succeeded" })
                throw new InvalidOperationException($"The run was not one: {result.Status} {result.FailureReason}");
        }
    }

    private sealed class Silence : IEventSink
    {
        public void Add(PlatformEvent e)
        {
            // Nobody looks.
        }
    }
}
