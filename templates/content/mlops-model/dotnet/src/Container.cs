using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelSteps;

/// <summary>Where SageMaker's container contract puts files. No other file knows a path.</summary>
public static class Container
{
    private static readonly string Base = FindBase();

    /// <summary>The input of a processing step.</summary>
    public static string Input(string name) => Path.Combine(Base, "processing", "input", name);

    /// <summary>The output of a processing step; what is written here is uploaded when the step ends.</summary>
    public static string Output(string name) => Create(Path.Combine(Base, "processing", "output", name));

    /// <summary>An input ("channel") of the training step.</summary>
    public static string Channel(string name) => Path.Combine(Base, "input", "data", name);

    /// <summary>Training writes the model here, SageMaker packs it as model.tar.gz, serving finds it here again.</summary>
    public static string ModelFolder => Create(Path.Combine(Base, "model"));

    /// <summary>A hyperparameter of the training step, or null. SageMaker hands over every value as a string.</summary>
    public static string? Hyperparameter(string name)
    {
        var file = Path.Combine(Base, "input", "config", "hyperparameters.json");
        if (!File.Exists(file))
            return null;

        try
        {
            return (JsonNode.Parse(File.ReadAllText(file)) as JsonObject)?[name]?.ToString();
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{file} is not valid JSON: {e.Message}");
        }
    }

    private static string FindBase()
    {
        var folder = Environment.GetEnvironmentVariable("SAGEMAKER_BASE_DIR");
        if (string.IsNullOrEmpty(folder))
            return "/opt/ml";

        // A relative folder belongs to the project, wherever a debugger happens to start the program.
        // (An absolute folder stays as it is: Path.Combine ignores what comes before it.)
        var project = FolderWithConfig(Environment.CurrentDirectory)
            ?? FolderWithConfig(AppContext.BaseDirectory)
            ?? Environment.CurrentDirectory;
        return Path.GetFullPath(Path.Combine(project, folder));
    }

    private static string? FolderWithConfig(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "config.yaml")))
                return folder.FullName;
        return null;
    }

    private static string Create(string folder) => Directory.CreateDirectory(folder).FullName;
}
