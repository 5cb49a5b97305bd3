namespace Mlops.Platform.Local.Processes;

/// <summary>What a program of the user's inherits: this user's environment without what the build engine set for itself.</summary>
internal static class CleanEnvironment
{
    public static void Apply(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Where(IsOfTheBuild).ToList())
            environment.Remove(name);
    }

    private static bool IsOfTheBuild(string name) =>
        name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
        || name is "DOTNET_HOST_PATH" or "DOTNET_CLI_TELEMETRY_SESSIONID" or "DOTNET_STARTUP_HOOKS" or "DOTNET_TieredPGO" or "DOTNET_TieredCompilation" or "DOTNET_TC_QuickJitForLoops";
}
