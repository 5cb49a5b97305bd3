using System.Globalization;
using System.Text;
using Mlops.Configuration.Binding;

namespace Mlops.Configuration.Documentation;

/// <summary>docs/config.md: made from the types that the binder reads, so that it cannot say anything else than the binder does.</summary>
public static class ConfigReference
{
    public static string Write()
    {
        var text = new StringBuilder("""
            # config.yaml

            The configuration of a model repository, key by key. This page is made from the types that read the file; a test keeps it so.

            - **Names** of data sets, steps, inputs, outputs and parameters: letters, digits and single `-`. No step is named like a data set.
            - **References**: `DATASET`, `STEP.OUTPUT` or `model` (trained, best tuned, or brought). `inputs: [a, s.b]` is short for `{ a: a, b: s.b }`.
              Steps are `check-data`, `preprocess`, `train`, `evaluate`, `bias`, `explain`, `postprocess` and those of `build.steps`. A further training step's
              output is `STEP.model`, a transform's `STEP.predictions`, an executed notebook `STEP.notebook`, the evaluation's report `evaluate.report`.
            - **Values**: `${parameters.NAME}`, `${run.id}`, `${git.commit}`, and `${STEP.OUTPUT}` of a lambda or callback: in arguments, environment, hyperparameters
              and payloads of steps, in conditions and messages, and (but for the last) in the registration's metadata. `$${` is a plain `${`. Within `{ }` and `[ ]` they need quotes: `{ eta: "${parameters.eta}" }`. The machine's environment is never read.
            - **Paths** are relative to the file, with `/`, inside the repository; upper and lower case count. Locally `s3://bucket/key` is the file `<local.root>/s3/bucket/key`.
            - **Units**: `30s`, `10m`, `2h`, `7d`; `500ms` for latencies; `30gb` (GiB), `512mb`. Scalars are read as YAML 1.2 has them: `no`, `on`, `1:30` and dates are texts.
            - **Schedules**: `hourly`, `daily`, `weekly`, `rate(6 hours)`, `cron(minutes hours day-of-month month day-of-week year)`, in `time_zone`.
            - **Limits** `{ min, max }` are inclusive, on the metric's own scale; either may be left out.
            - `null` is the same as leaving a key of this language out; a name of your own, such as a hyperparameter, needs a value. A key that could not take effect is an error. At least `model.name`, and `build.train` or `model.artifact`, are needed.

            A few values may be given at build time instead, with the same checks: `'-p:MlopsSet="KEY=VALUE;KEY=VALUE"'` (with quotes that reach MSBuild), or `--set KEY=VALUE` of `mlops validate`, `compile`, `show` and `ci`, with a KEY of

            """.ReplaceLineEndings("\n"));
        foreach (var path in Overrides.Allowed)
            text.Append(CultureInfo.InvariantCulture, $"`{path}`{(path == Overrides.Allowed[^1] ? ".\n" : ", ")}");
        foreach (var section in Sections.All())
            WriteSection(text, section);
        return text.ToString();
    }

    private static void WriteSection(StringBuilder text, DocumentedSection section)
    {
        var title = section.Path.Length == 0 ? "The file" : section.Kind is null ? section.Path : $"{section.Path}, kind {section.Kind}";
        text.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n| key | what it is | takes | default |\n|---|---|---|---|\n");
        foreach (var key in section.Shape.Keys.Values)
        {
            var purpose = key.Key.Purpose + (key.Key.Example is { } example ? $" Example: `{example}`" : "");
            text.Append(CultureInfo.InvariantCulture, $"| `{key.Key.Name}` | {Cell(purpose)} | {Cell(Takes(section.Path, key))} | {Cell(Default(key.Key))} |\n");
        }
    }

    private static string Default(KeyAttribute key) => key switch
    {
        { Required: true } => "**required**",
        { Default: { } value } => $"`{value}`",
        { DefaultFrom: { } path } => $"that of `{path}`",
        _ => key.DefaultText ?? "",
    };

    private static string Takes(string path, KeyShape key)
    {
        var converter = key.Converter;
        if (converter.Sections.Count == 0)
            return converter.Expected + (converter.Range.Length > 0 ? $" ({converter.Range})" : "");
        var what = converter.Many switch { Many.Map => "a mapping of names to ", Many.List => "a list of ", _ => "" };
        var links = converter.Sections.Select(s => Link(s, Sections.Join(path, key)));
        return what + string.Join(", ", links) + (converter.ListForm ? ", or a list of names" : "");
    }

    /// <summary>A section that stands in several places is described at the first.</summary>
    private static string Link(SectionChoice choice, string path)
    {
        var described = Sections.All().First(s => s.Shape.Type == choice.Section);
        var title = described.Kind is null ? described.Path : $"{described.Path}, kind {described.Kind}";
        return $"[{(choice.Kind is { } kind ? kind : path)}](#{Anchor(title)})";
    }

    /// <summary>As GitHub makes anchors of headings: lower case, punctuation dropped, spaces as '-'.</summary>
    private static string Anchor(string heading) =>
        string.Concat(heading.ToLowerInvariant().Select(c => c == ' ' ? '-' : c).Where(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'));

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
