using System.Globalization;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Text;

namespace Mlops.Compilation;

/// <summary>Diagnostics that come up while a checked configuration is made into artifacts.</summary>
public static class CompileErrors
{
    public static Diagnostic ProgramMissing(Span span) =>
        Error("MLOPS3024", span, "The steps are C# ('framework: dotnet'), and no built program is given. Put '<OutputType>Exe</OutputType>' into the project file and run 'dotnet build'; 'mlops compile' builds nothing, and takes the built output with '--program DIR'.");

    public static Diagnostic BundleTooLarge(Span span, string name, long bytes) =>
        Error("MLOPS3025", span, string.Create(CultureInfo.InvariantCulture, $"The code of '{name}' has {bytes:N0} bytes; a bundle may have {Bundles.BundleWriter.MostBytes:N0} (1 GiB). Keep data out of 'source_dir' and name it under 'data'."));

    public static Diagnostic BundleNameTooLong(Span span, string file) =>
        Error("MLOPS3026", span, $"The file name '{file}' is too long for a bundle: Ustar archives take 100 bytes and 155 for the folders. Shorten it.");

    public static Diagnostic LinkInBundle(Span span, string file) =>
        Error("MLOPS3027", span, $"'{file}' is a link. A bundle holds files, so that it is the same everywhere: replace the link by what it points to.");

    public static Diagnostic NotAFileInBundle(Span span, string file) =>
        Error("MLOPS3028", span, $"'{file}' is a pipe, a socket or a device. A bundle holds files: remove it from the source folder.");

    public static Diagnostic SecretInSource(Span span, string file, int line, string kind, string masked) =>
        Error("MLOPS3056", span, string.Create(CultureInfo.InvariantCulture, $"'{file}' line {line} looks like it holds {kind} ({masked}). Code is sent to a bucket and shown in consoles: read the value from AWS Secrets Manager ('secrets' of the step), and change it if it was ever committed."));

    public static Diagnostic NoCi(Span span) =>
        Error("MLOPS3059", span, "config.yaml has no section 'ci', which says where builds run. Add 'ci: { provider: github_actions, repository: OWNER/NAME, role: arn:aws:iam::ACCOUNT:role/NAME }'.");

    public static Diagnostic FileOfAnother(string path) =>
        Error("MLOPS3061", Span.Start, $"'{path}' was not made by MlopsCi, or was changed since: it is left as it is. Delete or move it to have it made anew.");

    public static Diagnostic ModuleLeftBehind(Span span, string entryPoint, string module, string? folder) =>
        new("MLOPS3062", Severity.Warning, span, $"'{entryPoint}' imports '{module}', which lies beside it and does not travel with it: the step will not find it. " +
            (folder is null ? "Move both into a folder of their own, and name it as 'source_dir'." : $"Add 'source_dir: {folder}'."));

    public static Diagnostic StandInUnused(Span span, string target) =>
        new("MLOPS3063", Severity.Warning, span, $"No step asks '{target}': this stand-in is of no use, unless a run's parameter names it. It takes the place of a function's ARN, a queue's URL, an image's URI, a cluster's id, or a step by its name.");

    public static Diagnostic RequirementsInIsolation(Span span, string step) =>
        new("MLOPS3065", Severity.Warning, span, $"The requirements.txt of '{step}' is installed when its container starts, and 'network.isolated' takes its network away: pip reaches no index there. Bring the packages as wheels in a 'source_dir', with '--no-index --find-links .' in requirements.txt; or use an image that has them ('runtime.image').");

    public static Diagnostic EntryPointExcluded(Span span, string program) =>
        Error("MLOPS3072", span, $"The entry point '{program}' does not travel with its 'source_dir': .gitignore or .mlopsignore excludes it. Take it out of there ('!{program}' in .mlopsignore), or name another file.");

    public static Diagnostic CannotWrite(string path, string reason) =>
        Error("MLOPS9001", Span.Start, $"'{path}' cannot be written: {reason} Nothing was half-written; free space or rights and build again.");

    private static Diagnostic Error(string code, Span span, string message) => new(code, Severity.Error, span, message);
}
