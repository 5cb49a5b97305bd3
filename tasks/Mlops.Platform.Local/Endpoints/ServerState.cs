using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>How to start the endpoint server: this very program.</summary>
/// <param name="Command">Program and first arguments; the server's own options are added.</param>
public sealed record ServerProgram(IReadOnlyList<string> Command, string Version);

/// <summary>What a running server wrote of itself, readable by its user alone.</summary>
/// <param name="Token">Whoever controls the server shows it; so another server on the port is not mistaken for it.</param>
public sealed record ServerState(int Pid, int Port, string Token, string Version)
{
    public string Url => $"http://127.0.0.1:{Port}";

    /// <summary>The invocation URL of an endpoint, in SageMaker Runtime's form.</summary>
    /// <param name="kind">invocations, or async-invocations.</param>
    public string InvocationUrl(string endpoint, string kind) => $"{Url}/endpoints/{endpoint}/{kind}";

    public static ServerState? Read(LocalRoot root)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(root.ServerFile), ServerJson.Default.ServerState);
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Write(LocalRoot root)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        AtomicFile.Write(root.ServerFile, fresh =>
        {
            using var file = new FileStream(fresh, options);
            JsonSerializer.Serialize(file, this, ServerJson.Default.ServerState);
        });
    }
}

/// <summary>What a server is asked to serve.</summary>
public sealed record DeployRequest(string Endpoint, string Stage, string Group, int Version, string Config);

/// <param name="Code">Of the error; null: done.</param>
public sealed record DeployResponse(string? Code, string? Message);

public sealed record EndpointStatus(string Endpoint, string Stage, int Version, bool Healthy);

public sealed record ServerStatus(string Version, IReadOnlyList<EndpointStatus> Endpoints);

[JsonSerializable(typeof(ServerState))]
[JsonSerializable(typeof(DeployRequest))]
[JsonSerializable(typeof(DeployResponse))]
[JsonSerializable(typeof(ServerStatus))]
public sealed partial class ServerJson : JsonSerializerContext;
