using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Containers;

namespace Mlops.Platform.Local.Execution;

/// <summary>What a job starts on each of its hosts.</summary>
internal sealed record JobProgram
{
    /// <summary>Empty: what the image starts by itself.</summary>
    public required List<string> Entrypoint { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Of the request; started only where programs run in containers.</summary>
    public required string Image { get; init; }

    /// <summary>EnableNetworkIsolation; kept only in containers.</summary>
    public bool IsIsolated { get; init; }

    /// <summary>Null: the host's own.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Said to the program on its standard input; null: nothing is.</summary>
    public string? Input { get; init; }

    /// <summary>A command of the user's in place of what an image holds: it gets the request on its input, and finds the container's folders by the variables of a script.</summary>
    public bool IsStandIn { get; init; }

    /// <param name="request">AppSpecification or AlgorithmSpecification.</param>
    public static string ImageOf(JsonNode? request) => Json.Text(request?["ImageUri"] ?? request?["TrainingImage"]);

    /// <summary>What a job's container starts, or the stand-in that the user names for its image.</summary>
    /// <param name="request">AppSpecification or AlgorithmSpecification.</param>
    public static JobProgram Of(StepContext step, JsonNode? request, ContainerFolder container)
    {
        var image = ImageOf(request);
        if (step.Execution.Programs.StandInOf(image) is { } command)
            return new JobProgram { Image = image, IsStandIn = true, Entrypoint = command, WorkingDirectory = step.Execution.Programs.Repository, Input = step.Arguments.ToJsonString() };

        return new JobProgram
        {
            Image = image,
            Entrypoint = [.. Json.Texts(request?["ContainerEntrypoint"]).Select(container.Map)],
            Arguments = [.. Json.Texts(request?["ContainerArguments"]).Select(container.Map)],
            IsIsolated = AsksIsolation(step.Arguments),
        };
    }

    /// <summary>Whether a job's request says EnableNetworkIsolation.</summary>
    public static bool AsksIsolation(JsonObject request) => Json.Text(request["NetworkConfig"]?["EnableNetworkIsolation"] ?? (request["TrainingJobDefinition"] ?? request)["EnableNetworkIsolation"]) is "true" or "True";
}
