namespace Mlops.Configuration.Facts;

/// <summary>What an instance is used for. Each use has a list of types of its own in SageMaker's API.</summary>
[Flags]
public enum InstanceUse
{
    None = 0,
    Training = 1,
    Processing = 2,
    Transform = 4,
    Hosting = 8,
}

/// <summary>What an instance computes with, which decides the images that run on it.</summary>
public enum Processor
{
    /// <summary>x86-64.</summary>
    Cpu,

    /// <summary>NVIDIA's, beside x86-64.</summary>
    Gpu,

    /// <summary>Graviton.</summary>
    Arm,

    /// <summary>Inferentia, Trainium, Gaudi.</summary>
    Accelerator,
}

/// <summary>
/// The instance types of SageMaker, by use: the enumerations TrainingInstanceType, ProcessingInstanceType, TransformInstanceType and
/// ProductionVariantInstanceType of its API (botocore 1.43; a test compares). A line of the table: family, uses (t, p, b, h), sizes.
/// </summary>
public static class InstanceTypes
{
    private static readonly Lazy<Dictionary<string, InstanceUse>> Table = new(Read);

    public static IReadOnlyCollection<string> Names => Table.Value.Keys;

    /// <summary>The uses that a type has; <see cref="InstanceUse.None"/>: no such type.</summary>
    public static InstanceUse UsesOf(string type) => Table.Value.GetValueOrDefault(type);

    public static IReadOnlyCollection<string> For(InstanceUse use) => [.. Table.Value.Where(t => t.Value.HasFlag(use)).Select(t => t.Key)];

    /// <summary>By the family's name: a letter for the kind, a number for the generation, and 'g' behind it for Graviton.</summary>
    public static Processor ProcessorOf(string type)
    {
        var family = type.Split('.') is [_, var name, ..] ? name : type;
        return family switch
        {
            ['i', 'n', 'f', ..] or ['t', 'r', 'n', ..] or ['d', 'l', ..] => Processor.Accelerator,
            ['p' or 'g', >= '0' and <= '9', ..] => Processor.Gpu,
            ['c' or 'm' or 'r', >= '0' and <= '9', 'g', ..] => Processor.Arm,
            _ => Processor.Cpu,
        };
    }

    private static Dictionary<string, InstanceUse> Read()
    {
        var types = new Dictionary<string, InstanceUse>(StringComparer.Ordinal);
        foreach (var line in FactFile.Lines("instance-types.txt"))
        {
            var parts = line.Split(' ');
            var uses = parts[1].Aggregate(InstanceUse.None, (all, c) => all | c switch
            {
                't' => InstanceUse.Training,
                'p' => InstanceUse.Processing,
                'b' => InstanceUse.Transform,
                _ => InstanceUse.Hosting,
            });
            foreach (var size in parts.Skip(2))
                types[$"ml.{parts[0]}.{size}"] = uses;
        }

        return types;
    }
}
