namespace Mlops.Definitions;

/// <summary>The program that installs a processing step's requirements.txt in its container, and then becomes the step's own. This machine has environments for that.</summary>
public static class StepLauncher
{
    /// <summary>Its file, at the root of the step's code.</summary>
    public const string FileName = "mlops_step.py";

    /// <summary>A command without it.</summary>
    public static string[] Without(IReadOnlyList<string> command) =>
        command.Count > 1 && command[1].Split('/', '\\')[^1] == FileName ? [command[0], .. command.Skip(2)] : [.. command];
}
