using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("the data set")]
public sealed record DataSet : Section
{
    [Key("source", "Where the data lies: a file or a folder of the repository, or s3://bucket/prefix. Of data in S3 a deploy on aws lists names and sizes: steps that read it run again once they differ, and find that version in MLOPS_S3_DATA_VERSION.", Required = true)]
    public Located<DataSource>? Source { get; init; }

    [Key("format", "How the data is written.", Default = "files")]
    public Located<DataFormat>? Format { get; init; }

    [Key("header", "Whether the first line of a CSV file names the columns.", Default = "true")]
    public Located<bool>? Header { get; init; }

    [Key("columns", "The columns of a CSV file without a header.", Min = 1, Max = 10000)]
    public IReadOnlyList<Located<string>>? Columns { get; init; }

    [Key("target", "The column with the label; never sent to the model.")]
    public Located<string>? Target { get; init; }

    [Key("id", "The column that names a row; no feature.")]
    public Located<string>? Id { get; init; }

    [Key("exclude", "Further columns that the model does not see.", Min = 0, Max = 2000)]
    public IReadOnlyList<Located<string>>? Exclude { get; init; }
}

public enum DataFormat
{
    Csv,
    Jsonlines,
    Parquet,
    Manifest,
    GroundTruth,
    Files,
}
