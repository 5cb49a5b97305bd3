using System.Reflection;

namespace Mlops.Host;

internal static class Versions
{
    /// <summary>The version that all packages of this product share.</summary>
    public static string Product { get; } =
        typeof(Versions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
