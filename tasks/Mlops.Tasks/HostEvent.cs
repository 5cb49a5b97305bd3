using System.Text.Json;

namespace Mlops.Tasks;

/// <summary>What <c>mlops --json</c> says in a line.</summary>
internal readonly struct HostEvent(JsonElement json)
{
    /// <summary>Null: the line is something else, such as what a program said.</summary>
    public static HostEvent? Read(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement is { ValueKind: JsonValueKind.Object } e ? new HostEvent(e.Clone()) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A member as text; null: there is none.</summary>
    public string? Text(string member) => json.TryGetProperty(member, out var value) ? value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Null => null,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.GetRawText(),
    } : null;

    /// <summary>A member that is a number; 0: there is none.</summary>
    public int Number(string member) => json.TryGetProperty(member, out var value) && value.TryGetInt32(out var number) ? number : 0;

    public IEnumerable<HostEvent> Items(string member) => json.GetProperty(member).EnumerateArray().Select(i => new HostEvent(i)).ToList();
}
