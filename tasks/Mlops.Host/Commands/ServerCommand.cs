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
        var command = new Command(Name, "Serves the endpoints of one root.") { root, port, preferred };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => EndpointServer.RunAsync(parsed.GetValue(root)!, parsed.GetValue(port), parsed.GetValue(preferred), cancellation));
        return command;
    }
}
