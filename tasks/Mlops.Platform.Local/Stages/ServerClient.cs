using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Local.Models;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Stages;

/// <summary>Talks to the endpoint server of a root; starts it where it does not run. It outlives whoever starts it.</summary>
public sealed class ServerClient(LocalRoot root, ServerProgram program, int? port)
{
    public const string TokenHeader = "X-Mlops-Token";
    public const string ControlPath = "/_mlops";

    /// <summary>Longer than a model may take to answer its last request.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan StatusLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly Lazy<HttpClient> http = new(() => Loopback.Client(TimeSpan.FromHours(9)));

    /// <summary>The server's account of itself, or null where none runs.</summary>
    public async Task<(ServerState State, ServerStatus Status)?> FindAsync(CancellationToken cancellation)
    {
        // A server holds its lock as long as it lives: without it, whoever listens on its port is another program, and gets no token.
        if (ServerState.Read(root) is not { } state || !IsListening(state.Port) || !IsHeld())
            return null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StatusLimit);
        try
        {
            using var request = Request(HttpMethod.Get, state, "/status");
            using var response = await http.Value.SendAsync(request, limit.Token);
            if (!response.IsSuccessStatusCode)
                return null;
            var status = await response.Content.ReadFromJsonAsync(ServerJson.Default.ServerStatus, limit.Token);
            return status is null ? null : (state, status);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>Whether a server listens where the configuration wants it.</summary>
    public bool IsAtItsPort(ServerState state) => port is null || state.Port == port;

    /// <summary>Throws where the port that is asked for belongs to another program.</summary>
    public async Task CheckPortAsync(CancellationToken cancellation)
    {
        if (port is { } wanted && !Ports.IsFree(wanted) && (await FindAsync(cancellation))?.State.Port != wanted)
            throw LocalErrors.PortTaken(wanted).ToException();
    }

    /// <summary>A server of this version, at the port that is asked for; started where there is none.</summary>
    public async Task<ServerState> EnsureAsync(CancellationToken cancellation)
    {
        if (await FindAsync(cancellation) is { } found)
        {
            if (found.Status.Version == program.Version && IsAtItsPort(found.State))
                return found.State;
            await StopAsync(cancellation);
        }

        var before = ServerState.Read(root);
        if (port is { } wanted && !Ports.IsFree(wanted))
            throw LocalErrors.PortTaken(wanted).ToException();
        var (process, exitCode) = Start(before?.Port);
        try
        {
            var waited = Stopwatch.StartNew();
            while (waited.Elapsed < StartLimit)
            {
                if (await FindAsync(cancellation) is { } started)
                    return started.State;
                if (exitCode() is not (null or 0))
                    break;
                await Task.Delay(20, cancellation);
                if (exitCode() is null)
                    continue;
                // Another server held the root, and may just be leaving it.
                process.Dispose();
                (process, exitCode) = Start(before?.Port);
            }
        }
        finally
        {
            process.Dispose();
        }

        throw LocalErrors.ServerDidNotStart(root.ServerLog, LogTail(root.ServerLog)).ToException();
    }

    public async Task<DeployResponse> DeployAsync(DeployRequest deploy, CancellationToken cancellation)
    {
        var state = await EnsureAsync(cancellation);
        using var request = Request(HttpMethod.Post, state, "/deploy");
        request.Content = JsonContent.Create(deploy, ServerJson.Default.DeployRequest);
        using var response = await SendAsync(request, cancellation);
        return (await response.Content.ReadFromJsonAsync(ServerJson.Default.DeployResponse, cancellation))!;
    }

    public async Task DeleteAsync(string endpoint, CancellationToken cancellation)
    {
        if (await FindAsync(cancellation) is not { } found)
        {
            Leftovers.End(root, endpoint);
            return;
        }

        using var request = Request(HttpMethod.Post, found.State, $"/delete/{Uri.EscapeDataString(endpoint)}");
        using var response = await SendAsync(request, cancellation);
    }

    /// <summary>Stops the server and what it serves. Returns false where none ran.</summary>
    public async Task<bool> StopAsync(CancellationToken cancellation)
    {
        if (await FindAsync(cancellation) is not { } found)
        {
            var isMute = IsHeld() && ServerState.Read(root) is { } mute && End(mute.Pid);
            if (isMute || !IsHeld())
                Leftovers.End(root, null);
            return isMute;
        }

        using var request = Request(HttpMethod.Post, found.State, "/stop");
        using var response = await SendAsync(request, cancellation);
        var waited = Stopwatch.StartNew();
        while (waited.Elapsed < StopLimit && IsHeld())
            await Task.Delay(20, cancellation);
        // It answered, and does not come to its end.
        if (IsHeld() && End(found.State.Pid))
            Leftovers.End(root, null);
        return true;
    }

    /// <summary>Ends a server that holds the root and does not answer. Returns false where there is no such process.</summary>
    private bool End(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            // Begun after it wrote its file, it is another process with the same number.
            if (process.StartTime.ToUniversalTime() > File.GetLastWriteTimeUtc(root.ServerFile).AddSeconds(1))
                return false;
            ProcessGroup.Kill(process);
            return process.WaitForExit(StopLimit);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Sends a request that the server must understand; that it is gone is a coded failure.</summary>
    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            var response = await http.Value.SendAsync(request, cancellation);
            return response.EnsureSuccessStatusCode();
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw LocalErrors.ServerGone(root.ServerLog, e.Message).ToException();
        }
    }

    /// <summary>Asks an endpoint, whatever it answers.</summary>
    internal async Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return await http.Value.SendAsync(request, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw LocalErrors.ServerGone(root.ServerLog, e.Message).ToException();
        }
    }

    internal static string LogTail(string log)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            reader.BaseStream.Seek(-Math.Min(reader.BaseStream.Length, 4096), SeekOrigin.End);
            return string.Join('\n', reader.ReadToEnd().TrimEnd().Split('\n').TakeLast(10));
        }
        catch (IOException)
        {
            return "";
        }
    }

    private bool IsHeld() => DeployLock.IsHeld(root.ServerLock);

    private static HttpRequestMessage Request(HttpMethod method, ServerState state, string path)
    {
        var request = new HttpRequestMessage(method, state.Url + ControlPath + path);
        request.Headers.Add(TokenHeader, state.Token);
        return request;
    }

    /// <summary>A refused connection tells faster than an HTTP client that has to be set up first.</summary>
    private static bool IsListening(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(System.Net.IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>
    /// Without our standard streams (whoever reads a build's output would wait for the server) and in a session of its own.
    /// The shell only redirects: the command comes as its arguments.
    /// </summary>
    private (IDisposable Process, Func<int?> ExitCode) Start(int? lastPort)
    {
        Files.Turn(root.ServerLog);
        List<string> command = [.. program.Command, "--root", root.Folder];
        if (port is { } fixedPort)
            command.AddRange(["--port", fixedPort.ToString(CultureInfo.InvariantCulture)]);
        else if (lastPort is { } last)
            command.AddRange(["--prefer-port", last.ToString(CultureInfo.InvariantCulture)]);
        if (OperatingSystem.IsWindows())
        {
            var hidden = Process.Start(new ProcessStartInfo(command[0], [.. command.Skip(1), "--log", root.ServerLog]) { UseShellExecute = true, WindowStyle = ProcessWindowStyle.Hidden, WorkingDirectory = root.Folder })!;
            return (hidden, () => hidden.HasExited ? hidden.ExitCode : null);
        }

        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" </dev/null >>\"$MLOPS_SERVER_LOG\" 2>&1", "sh", .. command]) { WorkingDirectory = root.Folder };
        start.Environment["MLOPS_SERVER_LOG"] = root.ServerLog;
        CleanEnvironment.Apply(start.Environment);
        var child = ChildProcess.Start(start);
        return (child, () => child.HasExited ? child.Exited.Result : null);
    }
}
