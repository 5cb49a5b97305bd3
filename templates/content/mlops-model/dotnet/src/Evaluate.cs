using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.ML;

namespace ModelSteps;

/// <summary>Measures the trained model with penguins it has not seen, and writes SageMaker's report on its quality.</summary>
public static class Evaluate
{
    public static void Run()
    {
        var penguins = Penguin.ReadFolder(Container.Input("test"));
        var predicted = Predict(Path.Combine(Container.Input("model"), "model.tar.gz"), penguins);
        var pairs = penguins.Select(p => p.Species).Zip(predicted).ToList();

        var species = pairs.SelectMany(p => new[] { p.First, p.Second }).Distinct().Order(StringComparer.Ordinal).ToList();
        var confusion = species.ToDictionary(
            actual => actual,
            actual => species.ToDictionary(guess => guess, guess => pairs.Count(pair => pair == (actual, guess))));

        var metrics = Metrics(confusion);
        foreach (var (name, value) in metrics)
            Console.WriteLine(FormattableString.Invariant($"{name}={value:F4}"));

        WriteReport(Path.Combine(Container.Output("report"), "evaluation.json"), metrics, confusion);
    }

    private static List<string> Predict(string archive, List<Penguin> penguins)
    {
        var folder = Directory.CreateTempSubdirectory("model-");
        try
        {
            using (var gzip = new GZipStream(File.OpenRead(archive), CompressionMode.Decompress))
                TarFile.ExtractToDirectory(gzip, folder.FullName, overwriteFiles: true);

            var ml = new MLContext();
            var model = ml.Model.Load(Path.Combine(folder.FullName, "model.zip"), out _);
            var predictions = model.Transform(ml.Data.LoadFromEnumerable(penguins));
            return ml.Data.CreateEnumerable<Prediction>(predictions, reuseRowObject: false).Select(p => p.Species).ToList();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>
    /// The metrics of each species, weighted by how many penguins of it there are.
    /// <paramref name="confusion"/> counts penguins by actual, then by predicted species.
    /// </summary>
    private static List<(string Name, double Value)> Metrics(Dictionary<string, Dictionary<string, int>> confusion)
    {
        double total = confusion.Values.Sum(row => row.Values.Sum());
        double right = 0, recalls = 0, precisions = 0, f1s = 0;

        foreach (var (species, row) in confusion)
        {
            double hits = row[species];
            double actual = row.Values.Sum();
            double predicted = confusion.Values.Sum(r => r[species]);

            // A species that never occurs, or is never predicted, scores 0 and not 0/0.
            var recall = actual == 0 ? 0 : hits / actual;
            var precision = predicted == 0 ? 0 : hits / predicted;
            var f1 = 2 * hits / (actual + predicted);

            var weight = actual / total;
            right += hits;
            recalls += weight * recall;
            precisions += weight * precision;
            f1s += weight * f1;
        }

        return
        [
            ("accuracy", right / total),
            ("weighted_recall", recalls),
            ("weighted_precision", precisions),
            ("weighted_f1", f1s),
        ];
    }

    private static void WriteReport(string file, List<(string Name, double Value)> metrics, object confusion)
    {
        // One test set gives one value per metric, and so no standard deviation. JSON has no NaN: it is written as a string.
        var report = metrics.ToDictionary(m => m.Name, m => (object)new { value = m.Value, standard_deviation = "NaN" });
        report["confusion_matrix"] = confusion;

        File.WriteAllText(file, JsonSerializer.Serialize(
            new { multiclass_classification_metrics = report },
            new JsonSerializerOptions { WriteIndented = true }));
    }
}
