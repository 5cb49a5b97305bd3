using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text;
using Mlops.Host.Commands;
using Mlops.Platform;

namespace Mlops.Host;

/// <summary>The program's commands. Each stands in a file of its own, and says what it takes.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args)
    {
        // Windows' consoles have encodings of their own; who reads this from a pipe reads UTF-8.
        if (OperatingSystem.IsWindows() && Console.IsOutputRedirected)
            Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var root = new RootCommand("Builds, runs, deploys and serves models that a config.yaml describes.")
        {
            ValidateCommand.Create(),
            CompileCommand.Create(),
            ShowCommand.Create(),
            CiCommand.Create(),
            PublishCommand.Create(),
            RunCommand.Create(),
            PlanCommand.Create(),
            DeployCommand.Create(),
            RegisterCommand.Create(),
            ApproveCommand.Create(approve: true),
            ApproveCommand.Create(approve: false),
            PredictCommand.Create(),
            StatusCommand.Create(),
            RunsCommand.Create(),
            CompareCommand.Create(),
            ModelsCommand.Create(),
            LineageCommand.Create(),
            CardCommand.Create(),
            VerifyCommand.Create(),
            AuditCommand.Create(),
            GcCommand.Create(),
            BatchCommand.Create(),
            StreamCommand.Create(),
            WatchCommand.Create(),
            LogsCommand.Create(),
            StopCommand.Create(),
            DestroyCommand.Create(),
            ExplainCommand.Create(),
            ServerCommand.Create(),
        };
        // A reason may begin with '@': files of arguments are not read.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction)
        {
            foreach (var error in parsed.Errors)
                await Console.Error.WriteLineAsync($"mlops: {error.Message}");
            await Console.Error.WriteLineAsync($"'mlops {Name(parsed)}--help' says what there is.");
            return ExitCodes.Usage;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    private static string Name(ParseResult parsed) => parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";
}
