using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Execution;

/// <summary>What a step wrote, as Describe of its job has it.</summary>
internal static class StepOutputs
{
    /// <summary>The name as a reader knows it, and the S3 URI.</summary>
    public static IEnumerable<(string Name, string Uri)> Of(JsonObject? properties) => Json.Objects(properties?["ProcessingOutputConfig"]?["Outputs"])
        .Select(o => ($"output '{o["OutputName"]}'", o["S3Output"]?["S3Uri"]))
        .Append(("model", properties?["ModelArtifacts"]?["S3ModelArtifacts"])).Append(("predictions", properties?["TransformOutput"]?["S3OutputPath"]))
        .Where(o => o.Item2 is not null).Select(o => (o.Item1, o.Item2!.ToString()));
}
