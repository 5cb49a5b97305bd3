namespace Mlops.Definitions;

/// <summary>A parameter that takes an image: of SageMaker's where <see cref="Repository"/> is known, else one that publish makes.</summary>
public sealed record ImageParameter(string Parameter, string Framework, string? Version = null)
{
    public string? Repository { get; init; }

    public string? Tag { get; init; }

    /// <summary>The account of the repository, by region.</summary>
    public IReadOnlyDictionary<string, string>? Accounts { get; init; }

    /// <summary>SageMaker's image of a region; null: it has none there.</summary>
    /// <param name="dnsSuffix">Of the region's partition, amazonaws.com most often.</param>
    public string? UriIn(string region, string dnsSuffix) =>
        Accounts?.GetValueOrDefault(region) is { } account ? $"{account}.dkr.ecr.{region}.{dnsSuffix}/{Repository}:{Tag}" : null;
}

/// <summary>A C# program in a container, as the .NET SDK's container publishing makes it of a built project.</summary>
/// <param name="Project">Relative to the repository.</param>
/// <param name="Tag">A hash of all that the image holds: the program, and the project's settings of its container.</param>
public sealed record ProgramContainer(string Project, string Configuration, string TargetFramework, string Tag)
{
    /// <summary>The framework of the parameters that take its image.</summary>
    public const string Framework = "dotnet";

    /// <summary>Of the project, by which the SDK makes the image.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();
}
