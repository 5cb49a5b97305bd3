using Mlops.Configuration.Model;

namespace Mlops.Configuration.Facts;

public enum ImageUse
{
    Training,
    Inference,
}

/// <summary>An image that SageMaker has of a framework.</summary>
/// <param name="Version">In full, such as 2.14.1.</param>
/// <param name="Python">Such as py310; null: the image brings its own, and there is nothing to choose.</param>
/// <param name="Registry">The name of the registry that holds it: see <see cref="ImageRegistries"/>.</param>
/// <param name="CpuTag">Null: there is none for instances without a GPU; <paramref name="GpuTag"/> alike for those with one.</param>
public sealed record FrameworkImage(string Version, string? Python, string Registry, string Repository, string? CpuTag, string? GpuTag)
{
    /// <summary>Null: the image does not run on such instances.</summary>
    public string? Tag(Processor processor) => processor switch { Processor.Cpu => CpuTag, Processor.Gpu => GpuTag, _ => null };
}

/// <summary>The framework images of SageMaker; framework-images.txt says where they are from and what its lines mean.</summary>
public static class FrameworkImages
{
    private sealed record Facts(Dictionary<(string, ImageUse), List<FrameworkImage>> Images, Dictionary<(string, ImageUse, string), string> Aliases);

    private static readonly Lazy<Facts> Table = new(Read);

    public static bool HasImages(Framework framework) => framework is Framework.Sklearn or Framework.Xgboost or Framework.Pytorch or Framework.Tensorflow or Framework.Huggingface;

    public static IReadOnlyList<string> Versions(Framework framework, ImageUse use) => [.. Of(framework, use).Select(i => i.Version).Distinct()];

    /// <summary>The images of a version, or of an alias of one such as 2.14: one for each Python, the usual one last. Empty: there is none.</summary>
    public static IReadOnlyList<FrameworkImage> Find(Framework framework, ImageUse use, string version)
    {
        var full = Table.Value.Aliases.GetValueOrDefault((Name(framework), use, version), version);
        return [.. Of(framework, use).Where(i => i.Version == full)];
    }

    private static List<FrameworkImage> Of(Framework framework, ImageUse use) => Table.Value.Images.GetValueOrDefault((Name(framework), use)) ?? [];

    private static string Name(Framework framework) => framework.ToString().ToLowerInvariant();

    private static Facts Read()
    {
        var facts = new Facts([], []);
        foreach (var parts in FactFile.Lines("framework-images.txt").Select(line => line.Split(' ')))
        {
            if (parts[0] == "alias")
            {
                foreach (var pair in parts.Skip(3).Select(p => p.Split('=')))
                    facts.Aliases[(parts[1], Use(parts[2]), pair[0])] = pair[1];
                continue;
            }

            var key = (parts[0], Use(parts[1]));
            if (!facts.Images.TryGetValue(key, out var images))
                facts.Images[key] = images = [];
            images.Add(new FrameworkImage(parts[2], Known(parts[3]), parts[4], parts[5], Known(parts[6]), Known(parts[7])));
        }

        return facts;

        static ImageUse Use(string word) => word == "training" ? ImageUse.Training : ImageUse.Inference;
        static string? Known(string word) => word == "-" ? null : word;
    }
}
