using System.Globalization;
using System.Text.Json;

namespace Mlops.Platform.Local.Toolkits;

/// <summary>
/// Hyperparameters as SageMaker's training toolkit hands them to a script: each is JSON where it can be read as such ("entropy" in quotes is a text without them), else a
/// text. Source: sagemaker-training-toolkit, environment.py (read_hyperparameters) and mapping.py (to_cmd_args, to_env_vars).
/// </summary>
internal sealed class ScriptHyperparameters
{
    /// <summary>The toolkit's own ones begin so, and are not the script's.</summary>
    private const string Own = "sagemaker_";

    /// <summary>Nor is what a tuning looks for.</summary>
    private const string Objective = "_tuning_objective_metric";

    private readonly SortedDictionary<string, JsonElement> values = new(StringComparer.Ordinal);

    /// <param name="hyperparameters">Of the job: names and texts.</param>
    public ScriptHyperparameters(IEnumerable<KeyValuePair<string, string>> hyperparameters)
    {
        foreach (var (name, text) in hyperparameters.Where(h => !h.Key.StartsWith(Own, StringComparison.Ordinal) && h.Key != Objective))
            values[name] = Decode(text);
    }

    /// <summary>--name value, in the order of the names; -n value for a name of one character.</summary>
    public IReadOnlyList<string> Arguments => [.. values.SelectMany(v => new[] { (v.Key.Length == 1 ? "-" : "--") + v.Key, Argument(v.Value) })];

    /// <summary>SM_HPS: all as one JSON object.</summary>
    public string Json => Dumps(values.Select(v => (v.Key, v.Value)));

    /// <summary>SM_HP_NAME: each.</summary>
    public IEnumerable<(string Name, string Value)> Variables => values.Select(v => ($"SM_HP_{v.Key.ToUpperInvariant()}", v.Value.ValueKind switch
    {
        JsonValueKind.String => v.Value.GetString()!,
        JsonValueKind.Null => "",
        _ => Dumps(v.Value),
    }));

    private static JsonElement Decode(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            _ = Dumps(json.RootElement);
            return json.RootElement.Clone();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // Half a surrogate pair is no text.
        {
            return JsonSerializer.SerializeToElement(text);
        }
    }

    /// <summary>As str() of Python shows it, but an object as KEY=VALUE,...</summary>
    private static string Argument(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => string.Join(',', value.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal).Select(m => $"{m.Name}={(m.Value.ValueKind == JsonValueKind.Null ? "None" : Str(m.Value))}")),
        JsonValueKind.Null => "",
        _ => Str(value),
    };

    private static string Str(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : Repr(value);

    private static string Repr(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        JsonValueKind.Null => "None",
        JsonValueKind.Number => Number(value),
        JsonValueKind.String => value.GetString()!.Contains('\'', StringComparison.Ordinal) && !value.GetString()!.Contains('"', StringComparison.Ordinal) ? $"\"{Escaped(value.GetString()!)}\"" : $"'{Escaped(value.GetString()!).Replace("'", "\\'", StringComparison.Ordinal)}'",
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(Repr))}]",
        _ => $"{{{string.Join(", ", value.EnumerateObject().Select(m => $"'{Escaped(m.Name)}': {Repr(m.Value)}"))}}}",
    };

    private static string Escaped(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal);

    /// <summary>As repr() of Python: a whole number as it is, another by the fewest digits that tell it from its neighbours, with an exponent below 1e-4 and from 1e16 on.</summary>
    private static string Number(JsonElement value)
    {
        var text = value.GetRawText();
        if (text.IndexOfAny(['.', 'e', 'E']) < 0)
            return text;
        var number = value.GetDouble();
        if (!double.IsFinite(number))
            return number < 0 ? "-inf" : "inf";
        var size = Math.Abs(number);
        if (size is 0 or (>= 1e-4 and < 1e16))
        {
            var plain = decimal.Parse(number.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
            return plain.Contains('.', StringComparison.Ordinal) ? plain : plain + ".0";
        }

        var digits = number.ToString("E16", CultureInfo.InvariantCulture);
        for (var precision = 0; precision < 17; precision++)
        {
            var shorter = number.ToString("E" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            if (double.Parse(shorter, CultureInfo.InvariantCulture) == number)
            {
                digits = shorter;
                break;
            }
        }

        var (mantissa, exponent) = (digits.Split('E')[0], int.Parse(digits.Split('E')[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
        return string.Create(CultureInfo.InvariantCulture, $"{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    /// <summary>As json.dumps(sort_keys=True, separators=(",", ":")) writes it.</summary>
    private static string Dumps(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => Number(value),
        JsonValueKind.String => Quoted(value.GetString()!),
        JsonValueKind.Array => $"[{string.Join(',', value.EnumerateArray().Select(Dumps))}]",
        JsonValueKind.Object => Dumps(value.EnumerateObject().Select(m => (m.Name, m.Value)).OrderBy(m => m.Name, StringComparer.Ordinal)),
        _ => value.GetRawText(),
    };

    private static string Dumps(IEnumerable<(string Name, JsonElement Value)> members) => $"{{{string.Join(',', members.Select(m => $"{Quoted(m.Name)}:{Dumps(m.Value)}"))}}}";

    private static string Quoted(string text) => $"\"{string.Concat(text.Select(c => c switch
    {
        '"' => "\\\"",
        '\\' => @"\\",
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        '\b' => @"\b",
        '\f' => @"\f",
        < ' ' or > '~' and not '\u007f' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
        _ => c.ToString(),
    }))}\"";
}
