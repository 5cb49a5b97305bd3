using System.Globalization;
using Microsoft.ML.Data;

namespace ModelSteps;

/// <summary>
/// One penguin. Every step reads its rows here, so that training and serving cannot
/// come to see the same data differently. A missing measurement is NaN, as ML.NET expects; what is predicted is empty when serving.
/// </summary>
public sealed record Penguin(
    string Species,
    string Island,
    float BillLength,
    float BillDepth,
    float FlipperLength,
    float BodyMass,
    string Sex)
{
    /// <summary>That the sex could not be told says something too: it is a category of its own.</summary>
    public const string UnknownSex = "unknown";

    private const string Target = "TARGET_COLUMN";

    private static readonly string[] Columns =
        ["species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex"];

    private static readonly string[] Features = [.. Columns.Where(c => c != Target)];

#if (problemType == "regression")
    /// <summary>What is predicted.</summary>
    public float Truth() => BodyMass;
#elseif (problemType == "binary_classification")
    /// <summary>What is predicted.</summary>
    public string Truth() => Sex;
#else
    /// <summary>What is predicted.</summary>
    public string Truth() => Species;
#endif

    /// <summary>Reads all CSV files (with header and label) of a folder.</summary>
    public static List<Penguin> ReadFolder(string folder)
    {
        var penguins = new List<Penguin>();
        foreach (var file in Directory.GetFiles(folder, "*.csv").Order(StringComparer.Ordinal))
        {
            try
            {
                using var reader = File.OpenText(file);
                if (!Csv.Split(reader.ReadLine() ?? "").SequenceEqual(Columns))
                    throw new InvalidDataException($"line 1: expected the header {Csv.Join(Columns)}");
                penguins.AddRange(ReadRows(reader, Columns, firstLine: 2));
            }
            catch (InvalidDataException e)
            {
                throw new InvalidDataException($"{file}, {e.Message}");
            }
        }
        return penguins.Count > 0 ? penguins : throw new InvalidDataException($"{folder} has no CSV file with rows");
    }

    /// <summary>Reads rows without header and label, as they are sent to the endpoint.</summary>
    public static List<Penguin> ReadFeatures(TextReader reader) => ReadRows(reader, Features, firstLine: 1);

    /// <summary>Writes penguins in the format of the source file.</summary>
    public static void WriteFile(string file, IEnumerable<Penguin> penguins) =>
        File.WriteAllLines(file, [Csv.Join(Columns), .. penguins.Select(p => Csv.Join(
            p.Species, p.Island,
            Text(p.BillLength), Text(p.BillDepth), Text(p.FlipperLength), Text(p.BodyMass),
            p.Sex))]);

    private static List<Penguin> ReadRows(TextReader reader, string[] columns, int firstLine)
    {
        var penguins = new List<Penguin>();
        for (var number = firstLine; reader.ReadLine() is { } line; number++)
        {
            if (line.Length == 0 && reader.Peek() < 0)
                break; // an empty line at the very end is harmless, anywhere else it is a lost row

            try
            {
                penguins.Add(Parse(Csv.Split(line), columns));
            }
            catch (InvalidDataException e)
            {
                throw new InvalidDataException($"line {number}: {e.Message}");
            }
        }
        return penguins;
    }

    private static Penguin Parse(List<string> fields, string[] columns)
    {
        if (fields.Count != columns.Length)
            throw new InvalidDataException($"expected {columns.Length} fields ({Csv.Join(columns)}), found {fields.Count}");

        string Field(string column) =>
            Array.IndexOf(columns, column) is >= 0 and var i ? fields[i] : "";

        return new Penguin(
            Field("species"),
            Field("island"),
            Measurement("bill_length_mm"),
            Measurement("bill_depth_mm"),
            Measurement("flipper_length_mm"),
            Measurement("body_mass_g"),
            Field("sex") is { Length: > 0 } sex ? sex : UnknownSex);

        // The upper bound is generous: it only keeps out numbers that would overflow in the model.
        float Measurement(string column)
        {
            var text = Field(column);
            if (text.Length == 0)
                return float.NaN;
            if (float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 100_000)
                return value;
            throw new InvalidDataException($"expected {column} to be empty or a number from 0 to 100000, found '{Shorten(text)}'");
        }
    }

    private static string Shorten(string text) => text.Length <= 20 ? text : text[..20] + "...";

    private static string Text(float value) => float.IsNaN(value) ? "" : value.ToString(CultureInfo.InvariantCulture);
}

#if (problemType == "regression")
/// <summary>What the model answers for one penguin.</summary>
public sealed class Prediction
{
    /// <summary>In grams.</summary>
    [ColumnName("Score")]
    public float BodyMass { get; set; }

    /// <summary>A line of the endpoint's answer.</summary>
    public string ToLine() => BodyMass.ToString("F1", CultureInfo.InvariantCulture);
}
#else
/// <summary>What the model answers for one penguin.</summary>
public sealed class Prediction
{
    [ColumnName("PredictedLabel")]
    public string Answer { get; set; } = "";

    /// <summary>One probability per class. The answer is the one with the highest.</summary>
    [ColumnName("Score")]
    public float[] Probabilities { get; set; } = [];

    /// <summary>A line of the endpoint's answer: the class, and how probable it is.</summary>
    public string ToLine() => Csv.Join(Answer, Probabilities.Max().ToString("F4", CultureInfo.InvariantCulture));
}
#endif
