using System.Net;
using System.Text.RegularExpressions;

namespace Mlops.Sdk.Tests;

/// <summary>A deployed model of the templates, as its users see it.</summary>
internal static class Penguins
{
    private static readonly HttpClient Http = new();

    /// <summary>Where a stage answers, as a deployment says.</summary>
    public static string Url(string output, string stage) => Regex.Match(output, $@"-> (http://127\.0\.0\.1:\d+/endpoints/penguins-{stage}/invocations)").Groups[1].Value;

    /// <summary>Asks for all penguins of the data; nearly all answers are right.</summary>
    public static async Task PredictsAsync(string folder, string url)
    {
        var rows = (await File.ReadAllLinesAsync(Path.Combine(folder, "data", "penguins.csv"))).Skip(1).ToList();
        using var body = new StringContent(string.Join('\n', rows.Select(r => r[(r.IndexOf(',', StringComparison.Ordinal) + 1)..])));
        body.Headers.ContentType = new("text/csv");
        using var answer = await Http.PostAsync(new Uri(url), body);
        var labels = (await answer.Content.ReadAsStringAsync()).TrimEnd().Split('\n').Select(l => l.Split(',')[0]).ToList();

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(rows.Count, labels.Count);
        Assert.True(rows.Zip(labels).Count(p => p.First.StartsWith(p.Second + ",", StringComparison.Ordinal)) >= 0.95 * rows.Count);
    }
}
