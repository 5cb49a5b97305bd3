using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Mlops.Sdk.Tests;

/// <summary>A deployed model of the templates, as its users see it.</summary>
internal static class Penguins
{
    private static readonly HttpClient Http = new();

    /// <summary>Where a stage answers, as a deployment says.</summary>
    public static string Url(string output, string stage) => Regex.Match(output, $@"-> (http://127\.0\.0\.1:\d+/endpoints/penguins-{stage}/invocations)").Groups[1].Value;

    /// <summary>Asks for all penguins of the data whose answer is known; enough answers are right.</summary>
    /// <param name="target">The column that is predicted: a class, or a mass that may be wrong by a sixth.</param>
    /// <param name="share">How many answers are right.</param>
    public static async Task PredictsAsync(string folder, string url, string target = "species", double share = 0.95)
    {
        var table = (await File.ReadAllLinesAsync(Path.Combine(folder, "data", "penguins.csv"))).Select(l => l.Split(',')).ToList();
        var column = Array.IndexOf(table[0], target);
        var rows = table.Skip(1).Where(r => r[column].Length > 0).ToList();
        using var body = new StringContent(string.Join('\n', rows.Select(r => string.Join(',', r.Where((_, i) => i != column)))));
        body.Headers.ContentType = new("text/csv");
        using var answer = await Http.PostAsync(new Uri(url), body);
        var answers = (await answer.Content.ReadAsStringAsync()).TrimEnd().Split('\n').Select(l => l.Split(',')[0]).ToList();

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(rows.Count, answers.Count);
        Assert.InRange(rows.Zip(answers).Count(p => IsRight(p.First[column], p.Second)), share * rows.Count, rows.Count);
    }

    private static bool IsRight(string truth, string answer) =>
        double.TryParse(truth, CultureInfo.InvariantCulture, out var number) ? Math.Abs(double.Parse(answer, CultureInfo.InvariantCulture) - number) < number / 6 : truth == answer;
}
