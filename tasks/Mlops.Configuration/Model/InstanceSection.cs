using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'instance'")]
public sealed record InstanceSection : Section
{
    [Key("type", "The instance type.", Example = "ml.m5.xlarge")]
    public Located<InstanceType>? Type { get; init; }

    [Key("count", "How many instances.", Default = "1", Min = 1, Max = 100)]
    public Located<long>? Count { get; init; }

    [Key("volume", "The size of each instance's disk.", Default = "30gb", Min = 1, Max = 16384, Pattern = Patterns.WholeGigabytes, PatternMeaning = Patterns.WholeGigabytesMeaning)]
    public Located<ByteSize>? Volume { get; init; }
}
