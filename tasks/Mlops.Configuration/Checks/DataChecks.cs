using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Data sets: sources exist, keys fit the format, columns are columns, each is used.</summary>
internal static class DataChecks
{
    public static void Check(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        foreach (var (_, _, data) in config.Data ?? NamedMap<DataSet>.Empty)
        {
            if (data is null)
                continue;
            CheckFormat(data, diagnostics);
            CheckRoles(data, diagnostics);
            if (Columns(data, files, diagnostics) is not { } columns)
                continue;
            var known = columns.ToHashSet(StringComparer.Ordinal);
            foreach (var column in new[] { data.Target, data.Id }.OfType<Located<string>>().Concat(data.Exclude ?? []))
            {
                if (!known.Contains(column.Value))
                    diagnostics.Add(Errors.UnknownColumn(column.Span, column.Value, data.Source!.Value.Value.Text, columns));
            }
        }

        ReportUnused(config, diagnostics);
    }

    /// <summary>The columns of a data set, by name, where they can be known from the repository; for checks of what refers to it.</summary>
    public static IReadOnlyCollection<string>? ColumnsOf(DataSet? data, RepositoryFiles files) => data is null ? null : Columns(data, files, new DiagnosticBag());

    private static void CheckFormat(DataSet data, DiagnosticBag diagnostics)
    {
        if (data.Unreadable.Contains("format"))
            return;
        var format = data.Format?.Value ?? DataFormat.Files;
        if (format != DataFormat.Csv && data.Header is { } header)
            diagnostics.Add(Errors.NoEffect(header.Span, "header", "only CSV files have a header. Remove it, or say 'format: csv'."));
        if (format != DataFormat.Csv && data.Columns is { Count: > 0 } columns)
            diagnostics.Add(Errors.NoEffect(columns[0].Span, "columns", "only CSV files without a header need them. Remove it, or say 'format: csv'."));
        if (format == DataFormat.Csv && data is { Columns: { Count: > 0 } given, Header.Value: true })
            diagnostics.Add(Errors.NoEffect(given[0].Span, "columns", "the file's header names them. Remove it, or say 'header: false'."));
        if (format == DataFormat.Files && (data.Target ?? data.Id ?? data.Exclude?.Select(e => (Located<string>?)e).FirstOrDefault()) is { } column)
            diagnostics.Add(Errors.NoEffect(column.Span, data.Target is not null ? "target" : data.Id is not null ? "id" : "exclude", "data of format 'files' has no columns. Say its 'format', such as csv."));
    }

    /// <summary>A column has one role, and one name.</summary>
    private static void CheckRoles(DataSet data, DiagnosticBag diagnostics)
    {
        var roles = new Dictionary<string, Span>(StringComparer.Ordinal);
        foreach (var column in new[] { data.Target, data.Id }.OfType<Located<string>>().Concat(data.Exclude ?? []))
        {
            if (!roles.TryAdd(column.Value, column.Span))
                diagnostics.Add(Errors.NameTwice(column.Span, column.Value, roles[column.Value]));
        }

        var names = new Dictionary<string, Span>(StringComparer.Ordinal);
        foreach (var column in data.Columns ?? [])
        {
            if (!names.TryAdd(column.Value, column.Span))
                diagnostics.Add(Errors.NameTwice(column.Span, column.Value, names[column.Value]));
        }
    }

    /// <summary>The columns where they can be known from the repository.</summary>
    private static IReadOnlyCollection<string>? Columns(DataSet data, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        var given = data.Columns?.Select(c => c.Value).ToList();
        if (data.Source is not { } source || source.Value.IsS3)
            return given;
        var path = source.Value.Path;
        if (!files.StaysInside(path))
        {
            diagnostics.Add(Errors.PathLeavesRepository(source.Span, path.Text));
            return null;
        }

        if (files.IsFolder(path))
            return given;
        if (!FileChecks.FileExists(new(path, source.Span), "data file", files, diagnostics))
            return null;
        if (given is not null)
            return given;
        return data.Format?.Value == DataFormat.Csv && data.Header?.Value != false
            ? files.FirstLine(path)?.Split(',').Select(c => c.Trim().Trim('"')).ToList()
            : null;
    }

    private static void ReportUnused(ModelConfig config, DiagnosticBag diagnostics)
    {
        if (config.Build is null || config.Steps.Any(s => s.Section.Unreadable.Count > 0) || config.Build.Unreadable.Count > 0 || config.Unreadable.Count > 0)
            return;
        var used = config.Steps.SelectMany(s => s.Reads).Select(r => r.Value)
            .Concat(new[] { config.Monitor?.DataQuality?.Baseline, config.Monitor?.ModelQuality?.GroundTruth, config.Labeling?.Data }.OfType<Located<string>>().Select(r => r.Value))
            .Concat((config.Retrain?.OnNewData ?? []).Select(r => r.Value)).ToHashSet(StringComparer.Ordinal);
        foreach (var unused in (config.Data ?? NamedMap<DataSet>.Empty).Where(d => !used.Contains(d.Name)))
            diagnostics.Add(Errors.UnusedData(unused.NameSpan, unused.Name));
    }
}
