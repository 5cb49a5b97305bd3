using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'local'")]
[NotYet("sandbox", "stand_ins")]
public sealed record LocalSection : Section
{
    [Key("root", "The folder with registry, runs, artifacts and buckets.", Default = ".mlops")]
    public Located<RepositoryPath>? Root { get; init; }

    [Key("port", "The port of the endpoints, on 127.0.0.1.", Default = "the first free one from 8080", Min = 1024, Max = 65535)]
    public Located<long>? Port { get; init; }

    [Key("interpreters", "The commands that run programs.", Default = "{ python: python3, r: Rscript }")]
    public InterpretersSection? Interpreters { get; init; }
}

[Section("'interpreters'")]
public sealed record InterpretersSection : Section
{
    [Key("python", "Runs .py files.", Default = "python3", Max = 1024)]
    public Located<string>? Python { get; init; }

    [Key("r", "Runs .R files.", Default = "Rscript", Max = 1024)]
    public Located<string>? R { get; init; }
}
