using Mlops.Configuration.Model;

namespace Mlops.Configuration.Facts;

public enum ImageUse
{
    Training,
    Inference,
}

/// <summary>A version of a framework that SageMaker has an image of.</summary>
/// <param name="Version">In full, such as 2.14.1.</param>
/// <param name="Pythons">The Pythons that there are images with, such as py310, the newest last.</param>
public sealed record FrameworkImage(string Version, IReadOnlyList<string> Pythons);

/// <summary>
/// The framework images of SageMaker, by the image_uri_config tables of the SageMaker Python SDK 2.257 (Apache-2.0). A line of the table:
/// framework, use, then versions, each with the Pythons of its images behind ':'; or "alias", framework, and pairs of alias and version.
/// </summary>
public static class FrameworkImages
{
    private static readonly Lazy<(Dictionary<(string, ImageUse), List<FrameworkImage>> Images, Dictionary<(string, string), string> Aliases)> Table = new(Read);

    public static bool HasImages(Framework framework) => framework is Framework.Sklearn or Framework.Xgboost or Framework.Pytorch or Framework.Tensorflow or Framework.Huggingface;

    public static IReadOnlyList<string> Versions(Framework framework, ImageUse use) => [.. Of(framework, use).Select(i => i.Version)];

    /// <summary>The image of a version, or of an alias of one such as 2.14; null: there is none.</summary>
    public static FrameworkImage? Find(Framework framework, ImageUse use, string version)
    {
        var full = Table.Value.Aliases.GetValueOrDefault((Name(framework), version), version);
        return Of(framework, use).FirstOrDefault(i => i.Version == full) ?? Of(framework, use).FirstOrDefault(i => i.Version == version);
    }

    private static List<FrameworkImage> Of(Framework framework, ImageUse use) => Table.Value.Images.GetValueOrDefault((Name(framework), use)) ?? [];

    private static string Name(Framework framework) => framework.ToString().ToLowerInvariant();

    private static (Dictionary<(string, ImageUse), List<FrameworkImage>> Images, Dictionary<(string, string), string> Aliases) Read()
    {
        var images = new Dictionary<(string, ImageUse), List<FrameworkImage>>();
        var aliases = new Dictionary<(string, string), string>();
        foreach (var parts in FactFile.Lines("framework-images.txt").Select(line => line.Split(' ')))
        {
            if (parts[0] == "alias")
            {
                foreach (var pair in parts.Skip(2).Select(p => p.Split('=')))
                    aliases[(parts[1], pair[0])] = pair[1];
            }
            else
            {
                images[(parts[0], parts[1] == "training" ? ImageUse.Training : ImageUse.Inference)] =
                    [.. parts.Skip(2).Select(p => p.Split(':')).Select(p => new FrameworkImage(p[0], p.Length > 1 ? p[1].Split(',') : []))];
            }
        }

        return (images, aliases);
    }
}
