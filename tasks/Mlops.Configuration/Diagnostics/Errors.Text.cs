using System.Globalization;
using Mlops.Configuration.Text;

namespace Mlops.Configuration.Diagnostics;

/// <summary>1xxx: what stands in the way of reading the text as YAML.</summary>
public static partial class Errors
{
    /// <param name="similar">A file beside it that may be meant; null: none is.</param>
    public static Diagnostic FileNotFound(string path, string? similar) =>
        Error("MLOPS1001", Span.Start, $"'{path}' does not exist.{(similar is null ? "" : $" Did you mean '{similar}'? Rename it to '{Path.GetFileName(path)}'.")} A model repository is described by a config.yaml beside its project file: write one, or make a repository with 'dotnet new mlops-model'.");

    public static Diagnostic FileUnreadable(string reason) =>
        Error("MLOPS1002", Span.Start, $"The file cannot be read: {reason} Check that it is a file and that this user may read it.");

    public static Diagnostic FileTooLarge(long bytes) =>
        Error("MLOPS1003", Span.Start, string.Create(CultureInfo.InvariantCulture, $"The file has {bytes:N0} bytes; a configuration may have {Limits.Bytes:N0} (1 MiB). Keep data in files of their own and name them here."));

    public static Diagnostic NotUtf8(Span span, string? encoding) =>
        Error("MLOPS1004", span, (encoding is null ? "These bytes are not UTF-8." : $"The file is {encoding}.") + " A configuration is UTF-8 text: save it in that encoding.");

    public static Diagnostic InvisibleCharacter(Span span, int character) =>
        Error("MLOPS1005", span, string.Create(CultureInfo.InvariantCulture, $"The character U+{character:X4} is not allowed: it is a control or invisible character, and would let the file read differently from what it is. Delete it."));

    public static Diagnostic Tab(Span span) =>
        Error("MLOPS1006", span, "A tab is not allowed. Use spaces; within double quotes write \\t.");

    public static Diagnostic Syntax(Span span, string problem) =>
        Error("MLOPS1007", span, $"This is not YAML: {problem.TrimEnd('.')}. Check the indentation, quotes and brackets here and on the lines above.{(problem.Contains("flow", StringComparison.Ordinal) ? " Within { } and [ ] a reference needs quotes: \"${parameters.NAME}\"." : "")}");

    public static Diagnostic TooDeep(Span span) =>
        Error("MLOPS1008", span, $"The nesting is deeper than {Limits.Depth}. No section needs that much: check the brackets and the indentation.");

    public static Diagnostic TooManyNodes(Span span) =>
        Error("MLOPS1009", span, string.Create(CultureInfo.InvariantCulture, $"The file has more than {Limits.Nodes:N0} values, aliases counted with all that they stand for. Move lists into data files."));

    public static Diagnostic SecondDocument(Span span) =>
        Error("MLOPS1010", span, "A second YAML document begins here. A configuration is one document: remove the '---' and what does not belong.");

    public static Diagnostic Tag(Span span, string tag) =>
        Error("MLOPS1011", span, $"The tag '{Shown(tag)}' is not allowed: the type of a value follows from its key. Remove the tag.");

    public static Diagnostic DuplicateKey(Span span, string key, Span first) =>
        Error("MLOPS1012", span, $"The key '{Shown(key)}' stands twice in this mapping. Remove one of the two.") with { Related = new(first, "First defined") };

    public static Diagnostic KeyIsNotText(Span span) =>
        Error("MLOPS1013", span, "A key is a plain text; this one is a list, a mapping or empty. Write 'key: value'.");

    public static Diagnostic Directive(Span span) =>
        Error("MLOPS1018", span, "Directives ('%YAML', '%TAG') are not allowed: a configuration is YAML 1.2. Remove the lines down to '---'.");

    public static Diagnostic UnknownAlias(Span span, string name, IEnumerable<string> anchors) =>
        Error("MLOPS1014", span, $"The alias '*{Shown(name)}' has no anchor '&{Shown(name)}' above it.{DidYouMean.Sentence(name, anchors)}");

    public static Diagnostic SelfReference(Span span, string name) =>
        Error("MLOPS1015", span, $"The alias '*{Shown(name)}' stands within its own anchor and would never end. Remove it.");

    public static Diagnostic MergeNeedsMapping(Span span) =>
        Error("MLOPS1016", span, "'<<' merges mappings: its value is an alias of a mapping, or a list of such. Use '<<: *name'.");

    public static Diagnostic EmptyFile() =>
        Error("MLOPS1017", Span.Start, "The file is empty. At least 'model' with a 'name', and 'build' with a 'train' step, are needed.");
}
