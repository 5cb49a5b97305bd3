using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Governance;

/// <summary>
/// All that is known of a version, for a person to read: the sections of SageMaker's model card, filled from registry, statement and stages.
/// Source of the sections: docs.aws.amazon.com/sagemaker, "Model card JSON schema".
/// </summary>
public sealed record ModelCard
{
    public required VersionListed Version { get; init; }

    public required ModelVersion Model { get; init; }

    public required VersionDescription Description { get; init; }

    /// <summary>Null: nobody wrote down of what it was made.</summary>
    public required Provenance? Statement { get; init; }

    /// <summary>By path in the evaluation's report.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>That serve it now.</summary>
    public required IReadOnlyList<StageUrl> Stages { get; init; }

    /// <summary>CommonMark with tables. The same version in the same state gives the same text.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {Version.ModelPackageGroupName}, version {Version.Version}\n");
        Paragraph(text, null, Description.Description);
        Table(text, "Overview", ["", ""], Overview());
        Paragraph(text, "Intended uses", Told("intended_uses", "intended_uses"));
        Table(text, "Data", ["Name", "Place", "Digest"], Materials(m => m.StartsWith(Material.DataSet, StringComparison.Ordinal)));
        Table(text, "Code and configuration", ["Name", "Place", "Digest"], Materials(m => !m.StartsWith(Material.DataSet, StringComparison.Ordinal)));
        if (Statement is null)
            Paragraph(text, "Code and configuration", "Of what this version was made was not written down.");
        Table(text, "Parameters", ["Parameter", "Value"], (Statement?.Parameters ?? new Dictionary<string, string>()).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => new[] { p.Key, p.Value }));
        Table(text, "Evaluation", ["Metric", "Value"], Metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => new[] { m.Key, m.Value.ToString("R", CultureInfo.InvariantCulture) }));
        Table(text, "Decisions", ["Stage", "Decision", "By", "When", "Reason"], Version.Decisions.Select(d => new[] { d.Stage, d.Decision, d.Who, Time(d.When), d.Reason ?? "" }));
        Table(text, "Serves", ["Stage", "Endpoint"], Stages.Select(s => new[] { s.Stage, s.Url }));
        Table(text, "Properties", ["Name", "Value"], Description.Properties.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => new[] { p.Key, p.Value }));
        Paragraph(text, "Caveats and recommendations", Told("additional_information", "caveats_and_recommendations"));
        return text.ToString();
    }

    private IEnumerable<string[]> Overview()
    {
        yield return ["Status", Version.Status];
        yield return ["Registered", Time(Version.Created)];
        yield return ["Execution", Version.ExecutionId.Length > 0 ? Version.ExecutionId : "none: registered as it was brought"];
        yield return ["Model", Model.ModelDataUrl];
        if (Model.Sha256.Length > 0)
            yield return [Model.Sha256.Length == 64 ? "SHA-256" : "ETag", Model.Sha256];
        if (Told("model_overview", "model_creator") is { } owner)
            yield return ["Owner", owner];
        if (Told(Description.Card?["additional_information"], "custom_details", "problem_type") is { } problem)
            yield return ["Problem type", problem];
        if (Told("intended_uses", "risk_rating") is { } risk)
            yield return ["Risk rating", risk];
    }

    private IEnumerable<string[]> Materials(Func<string, bool> wanted) =>
        (Statement?.Materials ?? []).Where(m => wanted(m.Name)).Select(m => new[] { m.Name, m.Uri ?? "", m.Algorithm is null ? "" : $"{m.Algorithm}:{m.Digest}" });

    private string? Told(string section, string item) => Told(Description.Card, section, item);

    /// <summary>Null also where it is no text: others write cards, too.</summary>
    private static string? Told(JsonNode? card, string section, string item) => ((card as JsonObject)?[section] as JsonObject)?[item] is JsonValue value ? value.ToString() : null;

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>What people wrote is quoted: it can be no heading or table of this document.</summary>
    private static void Paragraph(StringBuilder text, string? title, string? content)
    {
        if (string.IsNullOrWhiteSpace(content))
            return;
        if (title is not null)
            text.Append('\n').Append("## ").Append(title).Append('\n');
        text.Append('\n');
        foreach (var line in content.Trim().ReplaceLineEndings("\n").Split('\n'))
            text.Append("> ").Append(Printable.Of(line)).Append('\n');
    }

    /// <summary>Nothing where there are no rows.</summary>
    private static void Table(StringBuilder text, string title, string[] heads, IEnumerable<string[]> rows)
    {
        var cells = rows.Select(r => r.Select(Cell)).ToList();
        if (cells.Count == 0)
            return;
        text.Append('\n').Append("## ").Append(title).Append("\n\n");
        Row(heads);
        Row(heads.Select(_ => "---"));
        foreach (var row in cells)
            Row(row);

        void Row(IEnumerable<string> values) => text.Append("| ").AppendJoin(" | ", values).Append(" |\n");
    }

    /// <summary>One line of text, whatever signs of Markdown or HTML it has.</summary>
    private static string Cell(string value) => string.Concat(Printable.Of(value).ReplaceLineEndings(" ").Select(c => c is '\\' or '|' or '<' or '[' or '`' ? "\\" + c : c.ToString()));
}
