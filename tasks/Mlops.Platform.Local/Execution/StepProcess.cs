using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Execution;

/// <summary>One program of a step: started without a shell, in a session of its own, for a bounded time, its output kept.</summary>
internal sealed record StepProcess
{
    /// <summary>Exit codes above it are of programs that a signal ended.</summary>
    private const int FirstSignal = 128;
    private const int LastSignal = 36;

    /// <summary>EAGAIN and ENOMEM of fork(2).</summary>
    private const int TryAgain = 11;
    private const int NoMemory = 12;

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public required string Step { get; init; }

    public required IReadOnlyList<string> Command { get; init; }

    public required string Folder { get; init; }

    /// <summary>Where the container is recorded; null: the program runs in none.</summary>
    public string? Container { get; init; }

    /// <summary>Where the program finds its folder at /opt/ml; null: it needs it not, or its command mounts it.</summary>
    public MountPlace? Place { get; init; }

    /// <summary>What the program reads on its standard input; null: nothing.</summary>
    public string? Input { get; init; }

    public required string Log { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required TimeSpan MaxRuntime { get; init; }

    /// <summary>So long a program whose time is up may go on after SIGTERM: a training saves what it has ("StoppingCondition": 120 seconds).</summary>
    public TimeSpan TimeToSave { get; init; } = Patience;

    public Action<string>? OnLine { get; init; }

    /// <summary>Told as soon as the program runs, so that a later run can end it should this process be killed.</summary>
    public required Action<ProcessIdentity> OnStart { get; init; }

    /// <summary>Told that the program's time was up: what it saved since is a model as any other.</summary>
    public Action? OnTimeOut { get; init; }

    /// <summary>Told what was not the program's own doing.</summary>
    public required Action<StepFault> OnFault { get; init; }

    /// <summary>Runs the program to its end. Returns null, or the reason of its failure.</summary>
    public async Task<string?> RunAsync(CancellationToken cancellation)
    {
        using var log = new LogWriter(Log, OnLine);
        using var process = Start(Place is null ? Command : Place.Enter(Command, Folder));
        try
        {
            OnStart(ProcessIdentity.Of(process));
        }
        catch
        {
            process.Kill();
            Place?.Return();
            throw;
        }

        var told = process.TellAsync(Input, CancellationToken.None);
        var copied = log.CopyAsync(process);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(MaxRuntime);
        var timedOut = false;
        try
        {
            await process.Exited.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            timedOut = !cancellation.IsCancellationRequested;
            await process.StopAsync(timedOut ? TimeToSave : Patience);
            if (Container is not null)
                ContainerRuntime.EndBelow(Container);
        }

        // What the program left behind must neither hold its output open nor go on after it.
        process.Kill();
        Place?.Return();
        await Task.WhenAny(Task.WhenAll(copied, told), Task.Delay(Patience, CancellationToken.None));
        log.Finish();
        if (Container is not null)
            ContainerRuntime.Leave(Container);
        cancellation.ThrowIfCancellationRequested();
        if (timedOut)
        {
            OnTimeOut?.Invoke();
            return Text($"it ran longer than {MaxRuntime.TotalSeconds} s (max_runtime; StoppingCondition.MaxRuntimeInSeconds) and was ended.", log);
        }

        var exitCode = await process.Exited;
        if (exitCode is > FirstSignal and <= FirstSignal + LastSignal)
            OnFault(StepFault.Internal);
        return exitCode == 0 ? null : Text($"exit code {exitCode}{Meaning(exitCode, log)}.", log);
    }

    private string Meaning(int exitCode, LogWriter log) => exitCode switch
    {
        _ when Container is not null && ContainerRuntime.Meaning(exitCode, log.Tail) is { Length: > 0 } meaning => meaning,
        137 => " (killed, often for want of memory)",
        > FirstSignal and <= FirstSignal + LastSignal => string.Create(CultureInfo.InvariantCulture, $" (ended by signal {exitCode - FirstSignal})"),
        _ => "",
    };

    private static string Text(FormattableString reason, LogWriter log)
    {
        var tail = log.Tail;
        return reason.ToString(CultureInfo.InvariantCulture) + (tail.Length == 0 ? " It printed nothing." : $" Its last lines:\n{tail}");
    }

    private ChildProcess Start(IReadOnlyList<string> command)
    {
        var program = Programs.Installed(command[0], Step);
        var start = new ProcessStartInfo(program, command.Skip(1)) { WorkingDirectory = Folder };
        CleanEnvironment.Apply(start.Environment);
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        try
        {
            return ChildProcess.Start(start);
        }
        catch (Win32Exception e)
        {
            if (e.NativeErrorCode is TryAgain or NoMemory)
                OnFault(StepFault.Capacity);
            throw LocalErrors.CannotStart(Step, Command[0], e.Message).ToException();
        }
    }
}
