using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Containers;

/// <summary>How programs are started on this machine: 'local' of config.yaml.</summary>
internal sealed record ProgramSettings
{
    private const string InterpretersMember = "Interpreters";
    private const string SandboxMember = "Sandbox";
    private const string StandInsMember = "StandIns";
    private const string RepositoryMember = "Repository";

    /// <summary>What stands for a container's python3, Rscript, ...</summary>
    public required IReadOnlyDictionary<string, string> Interpreters { get; init; }

    /// <summary>Null: a mount namespace where a program names /opt/ml itself.</summary>
    public string? Sandbox { get; init; }

    /// <summary>Commands in place of what is not here: functions by ARN, queues by URL, images by URI, clusters by id.</summary>
    public IReadOnlyDictionary<string, string> StandIns { get; init; } = new Dictionary<string, string>();

    /// <summary>The folder that commands of the user start in.</summary>
    public required string Repository { get; init; }

    /// <summary>Programs run in their images, not on this machine.</summary>
    public bool InContainers => Sandbox == LocalSettings.ContainerSandbox;

    /// <summary>Whether an image runs, and no command in its place.</summary>
    public bool RunsImage(string image) => InContainers && !StandIns.ContainsKey(image);

    /// <summary>Only a mount namespace will do.</summary>
    public bool InNamespace => Sandbox == LocalSettings.NamespaceSandbox;

    /// <summary>Mount namespaces may be made.</summary>
    public bool MayMount => Sandbox != LocalSettings.ProcessSandbox;

    public static ProgramSettings Of(Workspace workspace, IReadOnlyDictionary<string, string> interpreters) => new()
    {
        Interpreters = interpreters,
        Sandbox = workspace.Deployment.Local.Sandbox,
        StandIns = workspace.Deployment.Local.StandIns,
        Repository = workspace.Repository,
    };

    /// <summary>What <see cref="AddTo"/> wrote.</summary>
    public static ProgramSettings Of(JsonObject document) => new()
    {
        Interpreters = Json.TextMembers(document[InterpretersMember]),
        Sandbox = document[SandboxMember]?.ToString(),
        StandIns = Json.TextMembers(document[StandInsMember]),
        Repository = document[RepositoryMember]?.ToString() ?? Directory.GetCurrentDirectory(),
    };

    /// <summary>Into a document that lasts, so that a server finds them again; what is not given stays out of it.</summary>
    public void AddTo(JsonObject document)
    {
        document[InterpretersMember] = Json.OfTexts(Interpreters);
        if (Sandbox is not null)
            document[SandboxMember] = Sandbox;
        if (StandIns.Count == 0)
            return;
        document[StandInsMember] = Json.OfTexts(StandIns);
        document[RepositoryMember] = Repository;
    }

    /// <summary>The program that stands for one of a container's.</summary>
    public string Interpreter(string name) => Interpreters.GetValueOrDefault(Path.GetFileName(name), name);

    /// <summary>Whether a command needs a mount namespace.</summary>
    public bool WantsMount(IReadOnlyList<string> command, string baseFolder) => InNamespace || (MayMount && MountedPaths.AreNamed(command, baseFolder, Repository));

    /// <summary>The command that stands for an image, as words; null: none does.</summary>
    public List<string>? StandInOf(string target) =>
        StandIns.TryGetValue(target, out var command) && CommandLine.Words(command) is [var program, .. var further] ? [Program(program), .. further] : null;

    /// <summary>A path is one of the repository, wherever the program that starts it stands.</summary>
    private string Program(string word) => word.Contains('/') ? Path.GetFullPath(Path.Combine(Repository, word)) : Interpreter(word);

    /// <summary>What tells a stand-in from what it was before: its command, and the files that this names; null: none stands for it.</summary>
    public string? IdentityOf(string target)
    {
        if (!StandIns.TryGetValue(target, out var command))
            return null;
        var files = CommandLine.Words(command).Select(w => Path.Combine(Repository, w)).Where(File.Exists).Select(ContentHash.Of);
        return string.Join(' ', files.Prepend(command));
    }
}
