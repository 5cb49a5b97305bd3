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
        var answers = Predict(Path.Combine(Container.Input("model"), "model.tar.gz"), penguins);
#if (problemType == "regression")
        var metrics = Metrics([.. penguins.Select(p => (double)p.Truth())], [.. answers.Select(a => (double)a.BodyMass)]);
#else
        var pairs = penguins.Select(p => p.Truth()).Zip(answers.Select(a => a.Answer)).ToList();

        var classes = pairs.SelectMany(p => new[] { p.First, p.Second }).Distinct().Order(StringComparer.Ordinal).ToList();
        var confusion = classes.ToDictionary(
            actual => actual,
            actual => classes.ToDictionary(guess => guess, guess => pairs.Count(pair => pair == (actual, guess))));

        var metrics = Metrics(confusion);
#endif
        foreach (var (name, value) in metrics)
            Console.WriteLine(FormattableString.Invariant($"{name}={value:F4}"));

#if (problemType == "regression")
        WriteReport(Path.Combine(Container.Output("report"), "evaluation.json"), metrics);
#else
        WriteReport(Path.Combine(Container.Output("report"), "evaluation.json"), metrics, confusion);
#endif
    }

    private static List<Prediction> Predict(string archive, List<Penguin> penguins)
    {
        var folder = Directory.CreateTempSubdirectory("model-");
        try
        {
            using (var gzip = new GZipStream(File.OpenRead(archive), CompressionMode.Decompress))
                TarFile.ExtractToDirectory(gzip, folder.FullName, overwriteFiles: true);

            var ml = new MLContext();
            var model = ml.Model.Load(Path.Combine(folder.FullName, "model.zip"), out _);
            var predictions = model.Transform(ml.Data.LoadFromEnumerable(penguins));
            return ml.Data.CreateEnumerable<Prediction>(predictions, reuseRowObject: false).ToList();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

#if (problemType == "regression")
    private static List<(string Name, double Value)> Metrics(List<double> actual, List<double> predicted)
    {
        var errors = actual.Zip(predicted, (a, p) => a - p).ToList();
        var mean = actual.Average();
        var mse = errors.Average(e => e * e);
        return
        [
            ("mae", errors.Average(Math.Abs)),
            ("mse", mse),
            ("rmse", Math.Sqrt(mse)),
            ("r2", 1 - mse / actual.Average(a => (a - mean) * (a - mean))),
        ];
    }

    private static void WriteReport(string file, List<(string Name, double Value)> metrics)
#elseif (problemType == "binary_classification")
    /// <summary>
    /// Of the two classes the second in order counts as the positive one.
    /// <paramref name="confusion"/> counts penguins by actual, then by predicted class.
    /// </summary>
    private static List<(string Name, double Value)> Metrics(Dictionary<string, Dictionary<string, int>> confusion)
    {
        var positive = confusion.Keys.Last();
        double total = confusion.Values.Sum(row => row.Values.Sum());
        double hits = confusion[positive][positive];
        double actual = confusion[positive].Values.Sum();
        double predicted = confusion.Values.Sum(row => row[positive]);

        return
        [
            ("accuracy", confusion.Sum(row => row.Value[row.Key]) / total),
            // A class that never occurs, or is never predicted, scores 0 and not 0/0.
            ("precision", predicted == 0 ? 0 : hits / predicted),
            ("recall", actual == 0 ? 0 : hits / actual),
            ("f1", 2 * hits / (actual + predicted)),
        ];
    }

    private static void WriteReport(string file, List<(string Name, double Value)> metrics, object confusion)
#else
    /// <summary>
    /// The metrics of each class, weighted by how many penguins of it there are.
    /// <paramref name="confusion"/> counts penguins by actual, then by predicted class.
    /// </summary>
    private static List<(string Name, double Value)> Metrics(Dictionary<string, Dictionary<string, int>> confusion)
    {
        double total = confusion.Values.Sum(row => row.Values.Sum());
        double right = 0, recalls = 0, precisions = 0, f1s = 0;

        foreach (var (name, row) in confusion)
        {
            double hits = row[name];
            double actual = row.Values.Sum();
            double predicted = confusion.Values.Sum(r => r[name]);

            // A class that never occurs, or is never predicted, scores 0 and not 0/0.
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
#endif
    {
        // One test set gives one value per metric, and so no standard deviation. JSON has no NaN: it is written as a string.
        var report = metrics.ToDictionary(m => m.Name, m => (object)new { value = m.Value, standard_deviation = "NaN" });
#if (problemType != "regression")
        report["confusion_matrix"] = confusion;
#endif

        File.WriteAllText(file, JsonSerializer.Serialize(
            new { PROBLEM_TYPE_metrics = report },
            new JsonSerializerOptions { WriteIndented = true }));
    }
}
