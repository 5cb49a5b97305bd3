using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Stages;

namespace Mlops.Host.Server;

/// <summary>What a deploy asks of the server. Only for those who show its token, which lies in a file of its user's.</summary>
internal sealed class ServerControl(EndpointSupervisor supervisor, ServerState state, IHostApplicationLifetime lifetime)
{
    public async Task HandleAsync(HttpContext http)
    {
        var shown = Encoding.UTF8.GetBytes(http.Request.Headers[ServerClient.TokenHeader].ToString());
        if (!CryptographicOperations.FixedTimeEquals(shown, Encoding.UTF8.GetBytes(state.Token)))
        {
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        var path = http.Request.Path.Value![ServerClient.ControlPath.Length..];
        switch (http.Request.Method, path.Split('/'))
        {
            case ("GET", ["", "status"]):
                await AnswerAsync(http, new ServerStatus(state.Version, await supervisor.StatusAsync(http.RequestAborted)));
                break;
            case ("POST", ["", "deploy"]):
                await DeployAsync(http);
                break;
            case ("POST", ["", "delete", var endpoint]):
                await supervisor.DeleteAsync(Uri.UnescapeDataString(endpoint));
                break;
            case ("POST", ["", "stop"]):
                lifetime.StopApplication();
                break;
            default:
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }

    private async Task DeployAsync(HttpContext http)
    {
        var request = await JsonSerializer.DeserializeAsync(http.Request.Body, ServerJson.Default.DeployRequest, http.RequestAborted);
        var row = new EndpointRow(request!.Endpoint, request.Stage, request.Group, request.Version, (JsonObject)JsonNode.Parse(request.Config)!);
        // Whoever asked may change his mind: what has not taken over yet goes again, and a rerun begins anew.
        using var wanted = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        Problem? problem;
        try
        {
            problem = await supervisor.DeployAsync(row, wanted.Token);
        }
        catch (OperationCanceledException) when (wanted.IsCancellationRequested)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        await JsonSerializer.SerializeAsync(http.Response.Body, new DeployResponse(problem?.Code, problem?.Message), ServerJson.Default.DeployResponse);
    }

    private static Task AnswerAsync(HttpContext http, ServerStatus status) =>
        JsonSerializer.SerializeAsync(http.Response.Body, status, ServerJson.Default.ServerStatus);
}
