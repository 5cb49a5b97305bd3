using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Mlops.Definitions;
using Mlops.Host.Display;
using Mlops.Host.Server;
using Mlops.Platform;
using Mlops.Platform.Aws;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;
using Mlops.Platform.Local;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>Carries out a verb: opens workspace and platform, shows events, turns failures and signals into exit codes.</summary>
internal static class VerbRunner
{
    /// <summary>Nobody asks twice within so long a time.</summary>
    private static readonly TimeSpan SameSignal = TimeSpan.FromMilliseconds(500);

    /// <param name="exitCode">Of a verb that ended well; null: 0.</param>
    /// <param name="load">What the verb works on; null: what a build made of the project.</param>
    public static void Set(Command command, CommonOptions options, Func<ParseResult, VerbContext, CancellationToken, Task<Outcome?>> verb, Func<ParseResult, Workspace>? load = null, Func<Outcome, int>? exitCode = null)
    {
        options.AddTo(command);
        command.SetAction((parsed, _) => RunAsync(parsed, options, verb, load ?? options.Workspace, exitCode));
    }

    private static async Task<int> RunAsync(ParseResult parsed, CommonOptions options, Func<ParseResult, VerbContext, CancellationToken, Task<Outcome?>> verb, Func<ParseResult, Workspace> load, Func<Outcome, int>? ending)
    {
        using var stopping = new CancellationTokenSource();
        var exitCode = ExitCodes.Interrupted;
        long? asked = null;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, s => Stop(s, ExitCodes.Interrupted));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, s => Stop(s, ExitCodes.Terminated));
        using var hangup = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, s => Stop(s, ExitCodes.Terminated));
        if (options.EndWithInput(parsed))
            _ = StopAtEndOfInputAsync(stopping);

        await using var display = EventDisplay.Create(options.Json(parsed), options.PrintsItself(parsed));
        IPlatform? platform = null;
        try
        {
            // Beside what reads artifacts and asks the platform, and changes nothing.
            var begun = options.NeedsFreshCode(parsed) && !options.EndWithInput(parsed) ? BuiltCode.Begin(options.Project(parsed)) : null;
            var access = options.Platform(parsed) == PlatformNames.Aws ? new AwsAccess(options.NeedsDeployRole, display) : null;
            var workspace = load(parsed);
            var fresh = begun is not null ? BuiltCode.CheckFreshAsync(workspace, begun) : Task.CompletedTask;
            try
            {
                platform = access is not null
                    ? await AwsPlatform.OpenAsync(workspace, access, display, stopping.Token)
                    : LocalPlatform.Open(workspace, Program(), display, root => new StorageServer(root));
            }
            finally
            {
                await fresh; // Which code it is comes before what the platform says of it.
            }

            await using var opened = platform;
            var context = new VerbContext(workspace, platform, display);
            if (await (options.IsAudited ? AuditedVerb.RunAsync(context, parsed.CommandResult.Command.Name, c => verb(parsed, context, c), stopping.Token) : verb(parsed, context, stopping.Token)) is not { } outcome)
                return ExitCodes.Done;
            display.Add(outcome);
            return ending?.Invoke(outcome) ?? ExitCodes.Done;
        }
        catch (PlatformException e)
        {
            display.Add(e.Problem);
            return e.Problem.MayPass ? ExitCodes.TryAgain : ExitCodes.Errors;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            display.Add(new Notice("Stopped."));
            return exitCode;
        }
        catch (Exception e) when (platform?.Explain(e) is { } problem)
        {
            display.Add(problem);
            return problem.MayPass ? ExitCodes.TryAgain : ExitCodes.Errors;
        }
#pragma warning disable CA1031 // The last line of defence: a defect is a coded error, too.
        catch (Exception e)
        {
            display.Add(PlatformErrors.Unexpected(e));
            if (options.Verbose(parsed))
                await Console.Error.WriteLineAsync(e.ToString());
            return ExitCodes.Errors;
        }
#pragma warning restore CA1031

        void Stop(PosixSignalContext signal, int code)
        {
            // The first asks for an orderly end; whoever asks again means at once. A terminal and a shell may both send the same one.
            signal.Cancel = asked is not { } first || Stopwatch.GetElapsedTime(first) < SameSignal;
            asked ??= Stopwatch.GetTimestamp();
            exitCode = code;
            stopping.Cancel();
        }
    }

    /// <summary>This very program.</summary>
    public static string ProgramPath => Path.Combine(AppContext.BaseDirectory, "mlops.dll");

    /// <summary>How it is started again as the endpoint server.</summary>
    public static ServerProgram Program() => new([DotnetHost.Path, "exec", ProgramPath, ServerCommand.Name], Versions.Product);

    /// <summary>A build that is killed leaves nobody to tell us; its end of the pipe closes.</summary>
    private static async Task StopAtEndOfInputAsync(CancellationTokenSource stopping)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[16];
        while (await input.ReadAsync(buffer) > 0)
        {
            // Whatever comes is not for us.
        }

        await stopping.CancelAsync();
    }
}
