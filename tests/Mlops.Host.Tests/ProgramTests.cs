using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Mlops.Platform;

namespace Mlops.Host.Tests;

/// <summary>The program as it is started by hand, with its exit codes and signals.</summary>
public sealed class ProgramTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    public Task InitializeAsync()
    {
        folder.Write("config.yaml", """
            model: { name: shell, problem_type: regression }
            runtime: { framework: custom }
            data: { numbers: { source: data/numbers.csv } }
            build:
              parameters: { pause: { default: "0" } }
              train: { entry_point: src/train.sh, inputs: [numbers], environment: { PAUSE: "${parameters.pause}" } }
              evaluate: { entry_point: src/evaluate.sh, inputs: [model] }
              quality_gates: { mae: { max: 1 } }
            inference: { entry_point: src/serve.py }
            deploy:
              - { stage: staging, realtime: {}, tests: [{ payload: data/numbers.csv }] }
              - { stage: production, approval: manual, realtime: {} }
            """);
        folder.Write("data/numbers.csv", "1,2\n");
        folder.Write("src/train.sh", """
            echo $$ > "$SAGEMAKER_BASE_DIR/../../../../pid"
            trap '' TERM
            sleep "$PAUSE"
            echo model > "$SAGEMAKER_BASE_DIR/model/model.txt"
            """);
        folder.Write("src/evaluate.sh", "echo '{\"regression_metrics\":{\"mae\":{\"value\":0.5}}}' > \"$SAGEMAKER_BASE_DIR/processing/output/report/evaluation.json\"");
        folder.Write("src/serve.py", """
            import os
            from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
            class Handler(BaseHTTPRequestHandler):
                def answer(self, body):
                    self.send_response(200); self.send_header("Content-Type", "text/csv"); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
                def do_GET(self): self.answer(b"")
                def do_POST(self): self.rfile.read(int(self.headers["Content-Length"])); self.answer(str(os.getpid()).encode() + b"\n")
                def log_message(self, *_): pass
            ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
            """);
        return Task.CompletedTask;
    }

    [SkippableTheory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_signal_ends_the_steps_marks_the_run_and_is_the_exit_code(string signal, int exitCode)
    {
        Needs();
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");
        using var run = Start("run", "--artifacts", "bin/mlops", "--parameter", "pause=300");
        var step = await StepAsync();

        var clock = Stopwatch.StartNew();
        Process.Start("kill", [$"-{signal}", run.Id.ToString(CultureInfo.InvariantCulture)])!.WaitForExit();
        await run.WaitForExitAsync();

        Assert.Equal(exitCode, run.ExitCode);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10));
        Assert.False(Directory.Exists($"/proc/{step}") && !(await File.ReadAllTextAsync($"/proc/{step}/stat")).Contains(") Z", StringComparison.Ordinal));
        Assert.Contains("Stopped", await SucceedAsync("status", "--artifacts", "bin/mlops"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_disk_that_is_full_while_code_and_data_are_published_is_named_and_the_next_run_converges()
    {
        await using var repository = new SmallRepository();
        Skip.If(Conformance.Run("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /tmp").ExitCode != 0, "This system lets no user mount.");
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        await repository.CompileAsync();
        File.WriteAllText(repository.PathOf("data/numbers.csv"), string.Concat(Enumerable.Repeat("1,2\n", 500_000)));
        Directory.CreateDirectory(repository.PathOf(".mlops"));

        var (exitCode, output) = Conformance.Run("unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
            $"mount -t tmpfs -o size=1m tmpfs {repository.PathOf(".mlops")} && cd {repository.PathOf("")} && exec dotnet exec {Path.Combine(AppContext.BaseDirectory, "mlops.dll")} run --artifacts bin/mlops");

        Assert.Equal(ExitCodes.TryAgain, exitCode);
        Assert.Contains("error MLOPS6007: A file cannot be written or read:", output, StringComparison.Ordinal);
        await repository.SucceedAsync("run");
    }

    [SkippableFact]
    public async Task A_killed_run_leaves_nothing_that_the_next_one_does_not_clear_up()
    {
        Needs();
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");
        using var run = Start("run", "--artifacts", "bin/mlops", "--parameter", "pause=300");
        var step = await StepAsync();
        run.Kill();
        await run.WaitForExitAsync();

        var rerun = await SucceedAsync("run", "--artifacts", "bin/mlops");

        Assert.Contains("had been interrupted", rerun, StringComparison.Ordinal);
        Assert.Contains("version 1 registered", rerun, StringComparison.Ordinal);
        Assert.False(Directory.Exists($"/proc/{step}") && !(await File.ReadAllTextAsync($"/proc/{step}/stat")).Contains(") Z", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Ten_first_runs_at_once_make_one_version()
    {
        Needs();
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");

        var runs = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => RunAsync("run", "--artifacts", "bin/mlops")));

        Assert.All(runs, r => Assert.True(r.ExitCode == 0, r.Output));
        Assert.Single(runs, r => r.Output.Contains("version 1 registered", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task An_R_package_that_is_missing_is_told_before_anything_runs()
    {
        Skip.If(Conformance.Run("Rscript", "--version").ExitCode != 0, "R is not installed.");
        await using var repository = new SmallRepository();
        await File.WriteAllTextAsync(repository.PathOf("src/train.R"), "library(stats)\nlibrary(notOfThisMachine)\n");
        repository.Edit("entry_point: src/train.py", "entry_point: src/train.R, runtime: { framework: r }");
        repository.Edit("src/serve.py", "src/serve.R");
        File.Move(repository.PathOf("src/serve.py"), repository.PathOf("src/serve.R"));
        await repository.CompileAsync();

        var (exitCode, output) = await repository.RunAsync("run");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("error MLOPS6048: 'train' attaches 'notOfThisMachine', which", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(repository.PathOf(".mlops/runs")));
    }

    /// <summary>Scenario 39: nothing of the machine is in an artifact.</summary>
    [Fact]
    public async Task The_same_repository_gives_the_same_bytes_elsewhere()
    {
        using var other = TestFolder.Temporary();
        var copy = other.File("Ein Ordner, größer");
        foreach (var file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(folder.Path, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
            File.SetLastWriteTimeUtc(target, DateTime.UnixEpoch.AddYears(40));
        }

        var (here, there) = (MlopsProgram.Command(folder.Path, "compile", "--output", "bin/mlops"), MlopsProgram.Command(copy, "compile", "--output", "bin/mlops"));
        foreach (var (name, value) in new[] { ("TZ", "Asia/Kathmandu"), ("LC_ALL", "tr_TR.UTF-8"), ("LANG", "tr_TR.UTF-8"), ("USER", "other"), ("HOSTNAME", "other") })
            there.Environment[name] = value;
        here.Environment["TZ"] = "America/St_Johns";
        foreach (var start in new[] { here, there })
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            Assert.Equal("", await process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            Assert.Equal(0, process.ExitCode);
        }

        Assert.Equal(Contents(folder.File("bin/mlops")), Contents(Path.Combine(copy, "bin", "mlops")));

        static IEnumerable<(string Name, string Content)> Contents(string built) => Directory.EnumerateFiles(built, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(f => (Path.GetRelativePath(built, f), Convert.ToHexString(File.ReadAllBytes(f)))).ToList() is { Count: > 4 } all ? all : throw new InvalidOperationException("Nothing was compiled.");
    }

    [SkippableFact]
    public async Task A_model_that_dies_is_started_again_and_what_is_deleted_stays_away()
    {
        Needs();
        Skip.IfNot(Conformance.HasPython("json"), "python3 is not installed.");
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");
        await SucceedAsync("deploy", "--artifacts", "bin/mlops");
        var model = (await SucceedAsync("predict", "data/numbers.csv", "--artifacts", "bin/mlops")).Trim();

        Process.Start("kill", ["-9", model])!.WaitForExit();
        var again = model;
        for (var i = 0; i < 50 && again == model; i++)
        {
            await Task.Delay(200);
            var asked = await RunAsync("predict", "data/numbers.csv", "--artifacts", "bin/mlops");
            again = asked.ExitCode == 0 ? asked.Output.Trim() : model;
        }

        Assert.NotEqual(model, again);
        await SucceedAsync("destroy", "--artifacts", "bin/mlops");
        Assert.Contains("MLOPS6013", (await RunAsync("predict", "data/numbers.csv", "--artifacts", "bin/mlops")).Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_foreign_program_on_a_dead_server_s_port_gets_no_token_and_stops_nobody()
    {
        Needs();
        Skip.IfNot(Conformance.HasPython("json"), "python3 is not installed.");
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");
        await SucceedAsync("deploy", "--artifacts", "bin/mlops");
        var state = JsonNode.Parse(await File.ReadAllTextAsync(folder.File(".mlops/server.json")))!;
        var model = (await SucceedAsync("predict", "data/numbers.csv", "--artifacts", "bin/mlops")).Trim();
        using (var server = Process.GetProcessById(state["Pid"]!.GetValue<int>()))
        {
            server.Kill();
            await server.WaitForExitAsync();
        }

        using var foreign = new TcpListener(IPAddress.Loopback, state["Port"]!.GetValue<int>());
        foreign.Start();
        var asked = foreign.AcceptTcpClientAsync();

        Assert.Contains("staging: version 1 in service", await SucceedAsync("deploy", "--artifacts", "bin/mlops"), StringComparison.Ordinal);

        Assert.NotEqual(model, (await SucceedAsync("predict", "data/numbers.csv", "--artifacts", "bin/mlops")).Trim());
        // Where nobody asks after orphans, one that has ended still has a number.
        Assert.True(!File.Exists($"/proc/{model}/stat") || (await File.ReadAllTextAsync($"/proc/{model}/stat")).Contains(") Z", StringComparison.Ordinal));
        using var client = await asked; // Looking whether somebody listens is a connection; nothing is said in it.
        Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1]));
    }

    [SkippableFact]
    public async Task Of_approve_and_reject_at_once_one_wins_and_the_other_is_told()
    {
        Needs();
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");
        await SucceedAsync("run", "--artifacts", "bin/mlops");

        var both = await Task.WhenAll(RunAsync("approve", "--artifacts", "bin/mlops"), RunAsync("reject", "--reason", "no", "--artifacts", "bin/mlops"));

        Assert.Single(both, r => r.ExitCode == 0);
        Assert.Single(both, r => r.Output.Contains("MLOPS8006", StringComparison.Ordinal));
        var status = await SucceedAsync("status", "--artifacts", "bin/mlops");
        Assert.Contains("(too late)", status, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Json_output_is_JSON_lines_and_nothing_else()
    {
        Needs();
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");

        var lines = (await SucceedAsync("run", "--artifacts", "bin/mlops", "--json")).TrimEnd().Split('\n').Select(l => JsonNode.Parse(l)!).ToList();

        Assert.All(lines, l => Assert.NotNull(l["Event"]));
        Assert.Equal(("Outcome", 1), (lines[^1]["Event"]!.ToString(), lines[^1]["Version"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Validate_shows_the_line_with_a_caret()
    {
        folder.Write("wrong.yaml", (await File.ReadAllTextAsync(folder.File("config.yaml"))).Replace("max: 1", "max: low", StringComparison.Ordinal));

        var result = await RunAsync("validate", "wrong.yaml");

        Assert.Contains("wrong.yaml(8,32): error MLOPS2004", result.Output, StringComparison.Ordinal);
        Assert.Contains("\n" + new string(' ', 4 + 31) + "^^^\n", result.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_step_says_why_it_runs_again_and_runs_are_listed_and_compared()
    {
        Needs();
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");
        await SucceedAsync("run", "--artifacts", "bin/mlops");

        Assert.Contains("train runs again: environment variable 'PAUSE' changed from 0 to 0.1", await SucceedAsync("run", "--artifacts", "bin/mlops", "--parameter", "pause=0.1"), StringComparison.Ordinal);

        var runs = (await SucceedAsync("runs", "--artifacts", "bin/mlops")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, runs.Length);
        Assert.All(runs, r => Assert.Matches(@"^\w+  Succeeded .* version \d +mae 0\.5$", r));
        var ids = runs.Select(r => r.Split(' ')[0]).ToList();
        var compared = await SucceedAsync("compare", ids[1][..6], ids[0], "--artifacts", "bin/mlops");
        Assert.Contains("\nparameter 'pause': 0 -> 0.1\n", "\n" + compared, StringComparison.Ordinal);
        Assert.Contains("\ntrain: environment variable 'PAUSE': 0 -> 0.1\n", compared, StringComparison.Ordinal);
        Assert.Equal("The runs do not differ.\n", await SucceedAsync("compare", ids[0], ids[0], "--artifacts", "bin/mlops"));
        Assert.Contains($"error MLOPS6021: 'nobody' is not the id of one run. There are {ids[0]}, {ids[1]}", (await RunAsync("compare", "nobody", ids[0], "--artifacts", "bin/mlops")).Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_script_that_changed_since_the_build_is_told_and_logs_are_found_behind_the_cache()
    {
        Needs();
        Skip.IfNot(Conformance.HasPython("json"), "python3 is not installed.");
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");
        await SucceedAsync("run", "--artifacts", "bin/mlops");
        File.AppendAllText(folder.File("src/evaluate.sh"), "\necho measured\n");

        Assert.Contains("error MLOPS0017: The code of 'evaluate' has changed since the last build.", (await RunAsync("run", "--artifacts", "bin/mlops")).Output, StringComparison.Ordinal);

        Assert.Contains("version 1 in service", await SucceedAsync("deploy", "--version", "1", "--stage", "staging", "--artifacts", "bin/mlops"), StringComparison.Ordinal);

        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");
        Assert.Contains("train: unchanged", await SucceedAsync("run", "--artifacts", "bin/mlops"), StringComparison.Ordinal);
        Assert.Equal("measured\n", await SucceedAsync("logs", "evaluate", "--artifacts", "bin/mlops"));
        Assert.Equal("", await SucceedAsync("logs", "train", "--artifacts", "bin/mlops"));
    }

    [SkippableTheory]
    [InlineData("{\"regression_metrics\": {\"mae\": {\"value\": NaN}}}", "has the value NaN for 'mae'")]
    [InlineData("{\"regression_metrics\": {\"mae\": {\"value\": 1e400}}}", "'regression_metrics.mae.value' in 'evaluation.json' of the step 'evaluate' is no finite number")]
    [InlineData("{\n \"regression_metrics\" }", "is not JSON, line 2: ")]
    public async Task A_report_that_holds_no_number_fails_the_gate_and_says_why(string report, string expected)
    {
        Needs();
        folder.Write("report.json", report);
        folder.Write("src/evaluate.sh", $"cp '{folder.File("report.json")}' \"$SAGEMAKER_BASE_DIR/processing/output/report/evaluation.json\"");
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");

        var (exitCode, output) = await RunAsync("run", "--artifacts", "bin/mlops");

        Assert.Equal(1, exitCode);
        Assert.Contains("config.yaml(8,", output, StringComparison.Ordinal);
        Assert.Contains(expected, output, StringComparison.Ordinal);
        Assert.DoesNotContain("registered\n", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Old_runs_are_taken_away_and_versions_stay()
    {
        Needs();
        Skip.IfNot(Conformance.HasPython("json"), "python3 is not installed.");
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");
        await SucceedAsync("run", "--artifacts", "bin/mlops");
        var first = folder.File(".mlops/runs/" + (await SucceedAsync("runs", "--artifacts", "bin/mlops")).Split(' ')[0]);
        File.AppendAllText(folder.File("src/evaluate.sh"), "\nexit 1\n");
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");
        await RunAsync("run", "--artifacts", "bin/mlops", "--parameter", "pause=0.01");
        var failed = folder.File(".mlops/s3/local/shell/models/" + (await SucceedAsync("runs", "--artifacts", "bin/mlops")).Split(' ')[0]);
        Assert.True(Directory.Exists(failed));
        File.WriteAllText(folder.File("src/evaluate.sh"), (await File.ReadAllTextAsync(folder.File("src/evaluate.sh"))).Replace("exit 1", "", StringComparison.Ordinal));
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");
        await SucceedAsync("run", "--artifacts", "bin/mlops", "--parameter", "pause=0.02");

        Assert.Contains("Would free", await SucceedAsync("gc", "--keep", "1", "--dry-run", "--artifacts", "bin/mlops"), StringComparison.Ordinal);
        Assert.True(Directory.Exists(first));
        Assert.Contains("Freed", await SucceedAsync("gc", "--keep", "1", "--artifacts", "bin/mlops"), StringComparison.Ordinal);
        Assert.False(Directory.Exists(first));
        Assert.False(Directory.Exists(failed));
        Assert.Equal("Nothing to take away.\n", await SucceedAsync("gc", "--keep", "1", "--artifacts", "bin/mlops"));

        // The first version, whose run is gone, is still served; and nothing runs again that need not.
        Assert.Contains("version 1 in service", await SucceedAsync("deploy", "--version", "1", "--stage", "staging", "--artifacts", "bin/mlops"), StringComparison.Ordinal);
        Assert.Contains("was not run again", await SucceedAsync("run", "--artifacts", "bin/mlops", "--parameter", "pause=0.02"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_package_that_Python_has_not_is_named_before_anything_starts()
    {
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        folder.Write("config.yaml", (await File.ReadAllTextAsync(folder.File("config.yaml"))).Replace("src/evaluate.sh", "src/evaluate.py", StringComparison.Ordinal));
        folder.Write("src/evaluate.py", "import json\nimport sklearn_of_nobody.linear as linear\n");
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");

        var (exitCode, output) = await RunAsync("run", "--artifacts", "bin/mlops");

        Assert.Equal(1, exitCode);
        Assert.Contains("config.yaml(7,28): error MLOPS6020: 'evaluate' imports 'sklearn_of_nobody'", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File(".mlops/runs")));
    }

    public async Task DisposeAsync()
    {
        if (Directory.Exists(folder.File(".mlops")))
            await RunAsync("stop", "--artifacts", "bin/mlops");
        folder.Dispose();
    }

    private static void Needs() => Skip.If(OperatingSystem.IsWindows(), "The steps are shell scripts.");

    private async Task<string> StepAsync()
    {
        for (var i = 0; i < 200; i++)
        {
            await Task.Delay(50);
            if (File.Exists(folder.File(".mlops/pid")) && (await File.ReadAllTextAsync(folder.File(".mlops/pid"))).Trim() is { Length: > 0 } pid)
                return pid;
        }

        throw new InvalidOperationException("The step did not start.");
    }

    private Process Start(params string[] arguments) => MlopsProgram.Start(folder.Path, arguments);

    private Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => MlopsProgram.RunAsync(folder.Path, arguments);

    private Task<string> SucceedAsync(params string[] arguments) => MlopsProgram.SucceedAsync(folder.Path, arguments);
}
