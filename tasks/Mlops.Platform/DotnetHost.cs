using System.Runtime.InteropServices;

namespace Mlops.Platform;

/// <summary>The dotnet that runs this very program: it is installed, whatever PATH says.</summary>
public static class DotnetHost
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        if (Environment.ProcessPath is { } running && System.IO.Path.GetFileName(running) == name)
            return running;
        // ROOT/shared/Microsoft.NETCore.App/VERSION/
        var root = System.IO.Path.GetFullPath(System.IO.Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var beside = System.IO.Path.Combine(root, name);
        return File.Exists(beside) ? beside : name;
    }
}
