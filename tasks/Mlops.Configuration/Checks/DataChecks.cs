using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Data sets: sources exist, columns are columns.</summary>
internal static class DataChecks
{
    public static void Check(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        foreach (var (_, _, data) in config.Data ?? NamedMap<DataSet>.Empty)
        {
            if (data is null)
                continue;
            var columns = Columns(data, files, diagnostics);
            if (columns is null)
                continue;
            var known = columns.ToHashSet(StringComparer.Ordinal);
            foreach (var column in new[] { data.Target, data.Id }.OfType<Located<string>>().Concat(data.Exclude ?? []))
            {
                if (!known.Contains(column.Value))
                    diagnostics.Add(Errors.UnknownColumn(column.Span, column.Value, data.Source!.Value.Value.Text, columns));
            }
        }
    }

    /// <summary>The columns where they can be known from the repository.</summary>
    private static IReadOnlyCollection<string>? Columns(DataSet data, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (data.Source is not { } source || source.Value.IsS3)
            return null;
        var path = source.Value.Path;
        if (!files.StaysInside(path))
        {
            diagnostics.Add(Errors.PathLeavesRepository(source.Span, path.Text));
            return null;
        }

        if (files.IsFolder(path))
            return data.Columns?.Select(c => c.Value).ToList();
        if (!FileChecks.FileExists(new(path, source.Span), "data file", files, diagnostics))
            return null;
        if (data.Columns is not null)
            return [.. data.Columns.Select(c => c.Value)];
        return data.Format?.Value == DataFormat.Csv && data.Header?.Value != false
            ? files.FirstLine(path)?.Split(',').Select(c => c.Trim().Trim('"')).ToList()
            : null;
    }
}
