namespace Mlops.Configuration.Facts;

/// <summary>The accounts whose registries hold SageMaker's images, by region; image-registries.txt says where they are from.</summary>
public static class ImageRegistries
{
    private static readonly Lazy<Dictionary<string, IReadOnlyDictionary<string, string>>> Table = new(() => FactFile.Lines("image-registries.txt").Select(line => line.Split(' ')).ToDictionary(
        parts => parts[0],
        IReadOnlyDictionary<string, string> (parts) => parts.Skip(1).Select(p => p.Split('=')).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal), StringComparer.Ordinal));

    /// <summary>Account by region, of a registry such as deep-learning.</summary>
    public static IReadOnlyDictionary<string, string> Accounts(string registry) => Table.Value[registry];
}
