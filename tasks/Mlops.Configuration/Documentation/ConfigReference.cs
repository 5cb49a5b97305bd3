using System.Globalization;
using System.Text;
using Mlops.Configuration.Binding;
using Mlops.Configuration.Model;

namespace Mlops.Configuration.Documentation;

/// <summary>docs/config.md: made from the types that the binder reads, so that it cannot say anything else than the binder does.</summary>
public static class ConfigReference
{
    public static string Write()
    {
        var text = new StringBuilder("""
            # config.yaml

            The configuration of a model repository, key by key. This page is made from the types that read the file; a test keeps it so.

            - **Names** of data sets, steps, inputs, outputs and parameters: letters, digits and single `-`.
            - **References**: `DATASET`, `STEP.OUTPUT` or `model`. `inputs: [a, s.b]` is short for `{ a: a, b: s.b }`.
            - **Values**: `${parameters.NAME}` and `${run.id}` in arguments, environment and hyperparameters of steps and in the registration's metadata; `$${` is a plain `${`.
            - **Paths** are relative to the file, with `/`, inside the repository; upper and lower case count.
            - **Units**: `30s`, `10m`, `2h`, `7d`; `30gb` (GiB). Scalars are read as YAML 1.2 has them: `no`, `on`, `1:30` and dates are texts.
            - `null` is the same as leaving a key out. A key that could not take effect is an error.

            """.ReplaceLineEndings("\n"));
        foreach (var (path, shape) in Sections())
            WriteSection(text, path, shape);
        return text.ToString();
    }

    /// <summary>Every section once, where it first appears, in the order of the file.</summary>
    private static List<(string Path, SectionShape Shape)> Sections()
    {
        var found = new List<(string, SectionShape)>();
        var seen = new HashSet<Type>();
        Visit("", typeof(ModelConfig));
        return found;

        void Visit(string path, Type type)
        {
            if (!seen.Add(type))
                return;
            var shape = SectionShape.Of(type);
            found.Add((path, shape));
            foreach (var key in shape.Keys.Values)
            {
                if (key.Converter.Section is { } section)
                    Visit(Join(path, key), section);
            }
        }
    }

    private static string Join(string path, KeyShape key) =>
        (path.Length == 0 ? key.Key.Name : $"{path}.{key.Key.Name}") + key.Converter.Many switch { Many.Map => ".NAME", Many.List => "[]", _ => "" };

    private static void WriteSection(StringBuilder text, string path, SectionShape shape)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n## {(path.Length == 0 ? "The file" : path)}\n\n| key | what it is | takes | default |\n|---|---|---|---|\n");
        foreach (var key in shape.Keys.Values)
        {
            var required = key.Key.Required ? "**required**" : key.Key.Default is { } value ? $"`{value}`" : "";
            text.Append(CultureInfo.InvariantCulture, $"| `{key.Key.Name}` | {Cell(key.Key.Purpose)} | {Cell(Takes(path, key))} | {Cell(required)} |\n");
        }

        if (shape.NotYet.Count > 0)
            text.Append(CultureInfo.InvariantCulture, $"\nPart of the language, not read by this version: {string.Join(", ", shape.NotYet.Select(k => $"`{k}`"))}.\n");
    }

    private static string Takes(string path, KeyShape key)
    {
        if (key.Converter.Section is not null)
        {
            var link = Join(path, key);
            var what = key.Converter.Many switch { Many.Map => "a mapping of names to ", Many.List => "a list of ", _ => "" };
            return $"{what}[{link}](#{Anchor(link)}){(key.Converter.ListForm ? ", or a list of names" : "")}";
        }

        var range = key.Converter.Range;
        return key.Converter.Expected + (range.Length > 0 ? $" ({range})" : "");
    }

    /// <summary>As GitHub makes anchors of headings: lower case, punctuation dropped.</summary>
    private static string Anchor(string heading) => string.Concat(heading.ToLowerInvariant().Where(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'));

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
