using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'inference'")]
[NotYet("output", "instances", "preprocess", "postprocess")]
public sealed record InferenceSection : Section
{
    [Key("entry_point", "The program that answers: handlers such as predict_fn, or a server of /ping and /invocations.")]
    public Located<RepositoryPath>? EntryPoint { get; init; }

    [Key("source_dir", "A folder that travels with the entry point, which lies within it.")]
    public Located<RepositoryPath>? SourceDir { get; init; }

    [Key("runtime", "What it runs in.", Default = "that of build.train")]
    public RuntimeSection? Runtime { get; init; }

    [Key("environment", "Environment variables of the server.", Max = 100)]
    [Names("an environment variable")]
    public NamedMap<Template>? Environment { get; init; }

    [Key("content_types", "What it takes; the first is the default.", Default = "[text/csv]", Min = 1, Max = 20,
        Pattern = "[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+=; -]+", PatternMeaning = "a MIME type such as text/csv")]
    public IReadOnlyList<Located<string>>? ContentTypes { get; init; }

    [Key("response_types", "What it answers; the first is the default.", Default = "[text/csv]", Min = 1, Max = 20,
        Pattern = "[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+=; -]+", PatternMeaning = "a MIME type such as text/csv")]
    public IReadOnlyList<Located<string>>? ResponseTypes { get; init; }

    [Key("sample_payload", "A file with a request that works.")]
    public Located<RepositoryPath>? SamplePayload { get; init; }
}
