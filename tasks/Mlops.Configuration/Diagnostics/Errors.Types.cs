using Mlops.Configuration.Text;

namespace Mlops.Configuration.Diagnostics;

/// <summary>2xxx: a value that cannot be what its key needs.</summary>
public static partial class Errors
{
    public static Diagnostic UnknownKey(Span span, string key, string section, IReadOnlyCollection<string> known) =>
        Error("MLOPS2001", span, $"{Capital(section)} has no key '{Shown(key)}'.{DidYouMean.Sentence(key, known)} It takes {Names(known)}.");

    public static Diagnostic MissingKey(Span span, string key, string section, string purpose) =>
        Error("MLOPS2002", span, $"{Capital(section)} lacks the key '{key}'. {purpose} Add '{key}: ...'.");

    public static Diagnostic WrongKind(Span span, string key, string expected, string found) =>
        Error("MLOPS2003", span, $"'{key}' takes {expected}, and this is {found}.");

    public static Diagnostic WrongValue(Span span, string key, string value, string expected) =>
        Error("MLOPS2004", span, $"'{Shown(value)}' is not a value of '{key}': it takes {expected}.");

    public static Diagnostic UnknownChoice(Span span, string key, string value, IReadOnlyCollection<string> choices) =>
        Error("MLOPS2005", span, $"'{Shown(value)}' is not a value of '{key}'.{DidYouMean.Sentence(value, choices)} It takes {Names(choices)}.");

    public static Diagnostic OutOfRange(Span span, string key, string value, string range) =>
        Error("MLOPS2006", span, $"{Shown(value)} is out of the range of '{key}': {range}.");

    public static Diagnostic WrongName(Span span, string what, string name, string rule) =>
        Error("MLOPS2007", span, $"'{Shown(name)}' cannot be the name of {what}: {rule}");

    public static Diagnostic ReferenceNotAllowed(Span span, string key) =>
        Error("MLOPS2008", span, $"'{key}' takes no ${{...}} reference: this value must be known when the file is read. Write the value itself; for a plain '${{' write '$${{'.");

    public static Diagnostic MalformedReference(Span span, string text) =>
        Error("MLOPS2009", span, $"'{Shown(text)}' is not a reference. Known are ${{parameters.NAME}} and ${{run.id}}; a plain '${{' is written '$${{'.");

    public static Diagnostic MissingValue(Span span, string name, string kind) =>
        Error("MLOPS2010", span, $"'{Shown(name)}' has no value: {kind} is expected.");

    public static Diagnostic NotARegex(Span span, string name, string problem) =>
        Error("MLOPS2012", span, $"The regular expression of '{Shown(name)}' cannot be used: {problem}");

    public static Diagnostic NotYet(Span span, string key) =>
        Error("MLOPS2011", span, $"'{key}' belongs to the language, but this version of the SDK does not read it yet. Remove it to build; what works today is listed in docs/config.md.");

    private static string Capital(string text) => text.Length > 0 && char.IsLower(text[0]) ? char.ToUpperInvariant(text[0]) + text[1..] : text;
}
