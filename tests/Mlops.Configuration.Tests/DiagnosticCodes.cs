using System.Reflection;
using System.Text.RegularExpressions;
using Mlops.Configuration.Diagnostics;

namespace Mlops.Configuration.Tests;

/// <summary>The codes that the front end can show: each method of <see cref="Errors"/> is called with stand-ins for its arguments.</summary>
internal static class DiagnosticCodes
{
    public static IReadOnlyList<string> OfErrors() =>
        [.. typeof(Errors).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(m => m.ReturnType == typeof(Diagnostic))
            .Select(m => ((Diagnostic)m.Invoke(null, [.. m.GetParameters().Select(p => StandIn(p.ParameterType))])!).Code)];

    /// <summary>All codes that the sources of the product name.</summary>
    public static IReadOnlySet<string> OfSources(string repository) =>
        new[] { "sdk", "tasks" }.SelectMany(f => Directory.EnumerateFiles(Path.Combine(repository, f), "*", SearchOption.AllDirectories))
            .Where(f => f.EndsWith(".cs", StringComparison.Ordinal) || f.EndsWith(".targets", StringComparison.Ordinal))
            .SelectMany(f => Regex.Matches(File.ReadAllText(f), "\"(MLOPS[0-9]{4})\"").Select(m => m.Groups[1].Value)).ToHashSet();

    private static object? StandIn(Type type) => type switch
    {
        _ when type == typeof(string) => "x",
        _ when type == typeof(IEnumerable<string>) || type == typeof(IReadOnlyCollection<string>) => Array.Empty<string>(),
        _ when type.IsValueType => Activator.CreateInstance(type),
        _ => null,
    };
}
