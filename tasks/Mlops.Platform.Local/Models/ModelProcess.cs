using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Local.Toolkits;

namespace Mlops.Platform.Local.Models;

/// <summary>
/// A model version in a process of its own, by the serving contract: SAGEMAKER_BIND_TO_PORT, GET /ping, POST /invocations,
/// the model in /opt/ml/model, the code in /opt/ml/code.
/// </summary>
internal sealed class ModelProcess : IAsyncDisposable
{
    /// <summary>As messages name it.</summary>
    private const string Step = "inference";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ChildProcess process;
    private readonly LogWriter log;
    private readonly Task copied;
    private readonly string? container;

    /// <param name="container">Where the container is recorded; null: the program runs in none.</param>
    private ModelProcess(ChildProcess process, LogWriter log, int port, string? container)
    {
        this.container = container;
        this.process = process;
        this.log = log;
        copied = log.CopyAsync(process);
        Address = new Uri($"http://127.0.0.1:{port}/");
    }

    public Uri Address { get; }

    public ProcessIdentity Identity => ProcessIdentity.Of(process);

    public bool HasExited => process.HasExited;

    /// <summary>Ends when the program ends.</summary>
    public Task Exited => process.Exited;

    /// <summary>Unpacks model and code and starts the program. It does not wait for it to answer.</summary>
    /// <param name="container">Of an InferenceSpecification.</param>
    /// <param name="contentType">Of a request that does not name its own; null: the toolkit's default.</param>
    public static ModelProcess Start(string folder, JsonObject container, string? contentType, IReadOnlyDictionary<string, string> environment, ProgramSettings programs, LocalObjectStore objects, string log)
    {
        var own = Json.TextMembers(container["Environment"]);
        var image = Json.Text(container["Image"]);
        var standIn = programs.StandInOf(image);
        var contained = programs.RunsImage(image);
        var paths = new ContainerFolder(folder, contained);
        var model = paths.Make("/opt/ml/model");
        // A container before or behind the model may have none of its own.
        ModelData.Unpack(container, objects, model);
        // The code is an archive of its own, or travels with the model.
        var submit = own.GetValueOrDefault("SAGEMAKER_SUBMIT_DIRECTORY", "");
        var codePath = submit.StartsWith("/opt/ml/", StringComparison.Ordinal) ? submit : "/opt/ml/code";
        var code = paths.Make(codePath);
        if (S3Place.IsOne(submit))
            Archives.Unpack(objects.ExistingPathOf(submit), code);

        if (!contained && standIn is null && !own.ContainsKey("SAGEMAKER_PROGRAM") && BuiltInAlgorithms.XgboostVersion(image) is not null)
        {
            own["SAGEMAKER_PROGRAM"] = BuiltInAlgorithms.Serve(code);
            own["SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"] = "text/csv";
        }
        else if (!contained && standIn is null && BuiltInAlgorithms.XgboostVersion(image) is not null)
        {
            own["MLOPS_TOOLKIT"] = "xgboost"; // Its container reads and predicts by other defaults than the others.
        }

        if (contentType is not null)
            own.TryAdd("SAGEMAKER_DEFAULT_INVOCATIONS_CONTENT_TYPE", contentType);
        var port = FreePort();
        var variables = own.Concat(environment).GroupBy(e => e.Key).ToDictionary(e => e.Key, e => paths.Map(e.Last().Value), StringComparer.Ordinal);
        if (submit.Length > 0 || !contained)
            variables["SAGEMAKER_SUBMIT_DIRECTORY"] = paths.Inside(codePath);
        variables["SAGEMAKER_BIND_TO_PORT"] = (contained ? ContainerRuntime.ServingPort : port).ToString(CultureInfo.InvariantCulture);
        if (!contained)
            variables["SAGEMAKER_BIND_TO_ADDRESS"] = "127.0.0.1";
        variables["SAGEMAKER_BASE_DIR"] = paths.Shown;
        variables["SM_MODEL_DIR"] = paths.Inside("/opt/ml/model");
        variables["PYTHONUNBUFFERED"] = "1";
        if (OperatingSystem.IsWindows())
            variables.TryAdd("PYTHONUTF8", "1");
        var command = contained ? InImage(image, folder, paths, variables, port) : OnMachine();
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { WorkingDirectory = standIn is null ? code : programs.Repository };
        CleanEnvironment.Apply(start.Environment);
        foreach (var (name, value) in contained ? variables.Where(v => v.Key == ProcessGroup.ExecutionVariable) : variables)
            start.Environment[name] = value;
        var kept = new LogWriter(log);
        try
        {
            var process = ChildProcess.Start(start);
            process.StandardInput.Close();
            return new ModelProcess(process, kept, port, contained ? folder : null);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            kept.Dispose();
            throw LocalErrors.CannotStart(Step, start.FileName, e.Message).ToException();
        }

        IReadOnlyList<string> OnMachine()
        {
            var program = own.GetValueOrDefault("SAGEMAKER_PROGRAM", "");
            var command = standIn is null ? Command(program, code, folder, programs)
                : [Programs.Installed(standIn[0], Step), .. standIn.Skip(1), "serve"];
            return programs.WantsMount([Path.Combine(code, program)], paths.BaseFolder) && MountedPaths.Possible ? MountedPaths.Wrap(command, paths.BaseFolder, [], variables) : command;
        }
    }

    private static IReadOnlyList<string> InImage(string image, string folder, ContainerFolder paths, Dictionary<string, string> variables, int port) => ContainerRuntime.Current.Command(new ContainerRun
    {
        Image = image,
        Arguments = ["serve"],
        Folder = folder,
        Mounts = paths.Mounts,
        Variables = variables,
        Port = port,
    });

    /// <summary>Waits until GET /ping answers 200. Returns null, or why it never will.</summary>
    public async Task<string?> UntilHealthyAsync(HttpClient http, TimeSpan limit, CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        while (waited.Elapsed < limit)
        {
            if (process.HasExited)
            {
                await Task.WhenAny(copied, Task.Delay(500, cancellation));
                return Text($"the program ended with exit code {process.Exited.Result}{(container is null ? "" : ContainerRuntime.Meaning(process.Exited.Result, log.Tail))}.");
            }

            if (await IsHealthyAsync(http, cancellation))
                return null;
            await Task.Delay(20, cancellation);
        }

        return Text($"GET /ping did not answer 200 within {limit.TotalSeconds} s.");
    }

    public async Task<bool> IsHealthyAsync(HttpClient http, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            using var answer = await http.GetAsync(new Uri(Address, "ping"), limit.Token);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>Ends the program and its children.</summary>
    public async ValueTask DisposeAsync()
    {
        await process.StopAsync(Patience);
        if (container is not null)
            ContainerRuntime.EndBelow(container);
        await Task.WhenAny(copied, Task.Delay(Patience));
        log.Dispose();
        process.Dispose();
    }

    private string Text(FormattableString reason)
    {
        var tail = log.Tail;
        return reason.ToString(CultureInfo.InvariantCulture) + (tail.Length == 0 ? " It printed nothing." : $" Its last lines:\n{tail}");
    }

    private static IReadOnlyList<string> Command(string program, string code, string folder, ProgramSettings programs)
    {
        var path = Path.Combine(code, program);
        if (program.Length == 0 || !File.Exists(path))
            throw LocalErrors.ServingNotSupported(program).ToException();
        var command = Path.GetExtension(program).ToLowerInvariant() switch
        {
            ".dll" => new[] { "dotnet", path, "serve" },
            ".py" => ["python3", Served(path, folder)],
            ".r" => ["Rscript", Served(path, folder)],
            ".sh" => ["/bin/sh", path],
            _ => [path],
        };
        command[0] = programs.Interpreter(command[0]);
        return [Programs.Installed(command[0], Step), .. command.Skip(1)];
    }

    /// <summary>The program itself, or the server that calls its functions.</summary>
    private static string Served(string path, string folder) => ScriptMode.IsServedByToolkit(path) ? ScriptMode.WriteServer(folder, path) : path;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
