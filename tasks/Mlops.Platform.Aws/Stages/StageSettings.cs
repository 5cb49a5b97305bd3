using System.Text.Json.Serialization;

namespace Mlops.Platform.Aws.Stages;

/// <summary>How a stage is configured: what going back to it takes.</summary>
internal sealed record StageSettings(string? TemplateSha256, IReadOnlyDictionary<string, string> Parameters);

[JsonSerializable(typeof(StageSettings))]
internal sealed partial class StageJson : JsonSerializerContext;
