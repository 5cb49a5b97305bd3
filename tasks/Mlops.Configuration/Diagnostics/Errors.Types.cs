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
        Error("MLOPS2009", span, $"'{Shown(text)}' is not a reference. Known are ${{parameters.NAME}}, ${{run.id}}, ${{git.commit}}, and ${{STEP.OUTPUT}} of a lambda or callback; a plain '${{' is written '$${{'.");

    public static Diagnostic MissingValue(Span span, string name, string kind) =>
        Error("MLOPS2010", span, $"'{Shown(name)}' has no value: {kind} is expected.");

    public static Diagnostic NotARegex(Span span, string name, string problem) =>
        Error("MLOPS2012", span, $"The regular expression of '{Shown(name)}' cannot be used: {problem}");

    public static Diagnostic UnknownInstanceType(Span span, string type, IReadOnlyCollection<string> known) =>
        Error("MLOPS2013", span, $"SageMaker has no instance type '{Shown(type)}'.{DidYouMean.Sentence(type, known)} A type is 'ml.FAMILY.SIZE', such as ml.m5.xlarge.");

    public static Diagnostic WrongArn(Span span, string key, string service, string form) =>
        Error("MLOPS2014", span, $"'{key}' takes another kind of ARN: {form}. This one is of {Shown(service)}.");

    public static Diagnostic BadSchedule(Span span, string text, string problem) =>
        Error("MLOPS2015", span, $"'{Shown(text)}' is not a schedule: {problem}.");

    public static Diagnostic UnknownTimeZone(Span span, string name, IReadOnlyCollection<string> known) =>
        Error("MLOPS2016", span, $"There is no time zone '{Shown(name)}'.{DidYouMean.Sentence(name, known)} Write its IANA name, such as UTC or Europe/Amsterdam.");

    public static Diagnostic UnknownOverride(string key, IReadOnlyCollection<string> known) =>
        Error("MLOPS2017", Span.Start, $"'{Shown(key)}' cannot be given at build time.{DidYouMean.Sentence(key, known)} Write KEY=VALUE, with a KEY of {string.Join(", ", known)}; everything else stands in config.yaml.");

    private static string Capital(string text) => text.Length > 0 && char.IsLower(text[0]) ? char.ToUpperInvariant(text[0]) + text[1..] : text;
}
