using System.CommandLine;
using Mlops.Host.Server;

namespace Mlops.Host.Commands;

/// <summary>The endpoint server: started by a deploy, outlives it. Not for people.</summary>
internal static class ServerCommand
{
    public const string Name = "endpoint-server";

    public static Command Create()
    {
        var root = new Option<string>("--root") { Required = true };
        var port = new Option<int?>("--port");
        var preferred = new Option<int?>("--prefer-port");
        var log = new Option<string?>("--log") { Description = "A file for what it says, where no shell redirects that." };
        var command = new Command(Name, "Serves the endpoints of one root.") { root, port, preferred, log };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var said = parsed.GetValue(log) is { } file ? WriteTo(file) : null;
            return await EndpointServer.RunAsync(parsed.GetValue(root)!, parsed.GetValue(port), parsed.GetValue(preferred), cancellation);
        });
        return command;
    }

    private static StreamWriter WriteTo(string file)
    {
        var writer = new StreamWriter(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)) { AutoFlush = true };
        Console.SetOut(TextWriter.Synchronized(writer));
        Console.SetError(TextWriter.Synchronized(writer));
        return writer;
    }
}
