namespace Mlops.Platform.Local.Containers;

/// <summary>One start of an image, as SageMaker starts it: 'IMAGE train', 'IMAGE serve', or with an entry point of the request's.</summary>
internal sealed record ContainerRun
{
    public required string Image { get; init; }

    /// <summary>Empty: the image's own.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Takes what is known of the container; nothing of it is mounted but what <see cref="Mounts"/> name.</summary>
    public required string Folder { get; init; }

    /// <summary>Folders of this machine, by their path in the container.</summary>
    public required IReadOnlyDictionary<string, string> Mounts { get; init; }

    /// <summary>Of the container alone: the engine's client reads some by itself, and every user of a machine can read arguments.</summary>
    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    /// <summary>EnableNetworkIsolation.</summary>
    public bool IsIsolated { get; init; }

    /// <summary>The port of this machine, on loopback, that leads to <see cref="ContainerRuntime.ServingPort"/>; null: none does.</summary>
    public int? Port { get; init; }

    /// <summary>The job's hosts; a name is found at a loopback address of its own.</summary>
    public IReadOnlyList<(string Name, string Address)> Hosts { get; init; } = [];
}
