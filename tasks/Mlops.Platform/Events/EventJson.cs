using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Mlops.Platform.Events;

/// <summary>Events as JSON lines, one object a line.</summary>
public static class EventJson
{
    private static readonly EventJsonContext Context = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <param name="text">The event as a line for a person, for readers that show and do not understand it.</param>
    public static string Write(PlatformEvent e, string? text)
    {
        var json = JsonSerializer.SerializeToNode(e, (JsonTypeInfo<PlatformEvent>)Context.GetTypeInfo(typeof(PlatformEvent))!)!;
        if (text is not null)
            json["Text"] = text;
        return json.ToJsonString(Context.Options);
    }

    /// <summary>An event that was kept; null: the line is none that is known.</summary>
    public static PlatformEvent? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, (JsonTypeInfo<PlatformEvent>)Context.GetTypeInfo(typeof(PlatformEvent))!);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(PlatformEvent))]
internal sealed partial class EventJsonContext : JsonSerializerContext;
