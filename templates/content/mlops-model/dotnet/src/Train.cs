using System.Globalization;
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Trainers;
using Microsoft.ML.Transforms;

namespace ModelSteps;

/// <summary>Trains MODEL_KIND that MODEL_TASK.</summary>
public static class Train
{
    public static void Run()
    {
        var l2 = ParseL2(Container.Hyperparameter("l2_regularization") ?? "0.01");
        var ml = new MLContext(seed: 1);

        var penguins = ml.Data.LoadFromEnumerable(Penguin.ReadFolder(Container.Channel("train")));
#if (problemType == "regression")
        var model = Pipeline(ml, l2).Fit(penguins);

        Save(ml, model, penguins.Schema, Path.Combine(Container.ModelFolder, "model.zip"));

        // SageMaker collects metrics from lines of this form.
        var metrics = ml.Regression.Evaluate(model.Transform(penguins), labelColumnName: nameof(Penguin.BodyMass));
        Console.WriteLine(FormattableString.Invariant($"train:rmse={metrics.RootMeanSquaredError:F4}"));
        Console.WriteLine(FormattableString.Invariant($"train:r2={metrics.RSquared:F4}"));
#else
        // Only training knows the right answers. The label is therefore prepared outside
        // of the model, and whoever uses the model need not supply one.
#if (problemType == "binary_classification")
        var labelled = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Penguin.Sex)).Fit(penguins).Transform(penguins);
#else
        var labelled = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Penguin.Species)).Fit(penguins).Transform(penguins);
#endif

        var model = Pipeline(ml, l2).Fit(labelled);

        Save(ml, model, penguins.Schema, Path.Combine(Container.ModelFolder, "model.zip"));

        // SageMaker collects metrics from lines of this form.
        var metrics = ml.MulticlassClassification.Evaluate(model.Transform(labelled), predictedLabelColumnName: "PredictedKey");
        Console.WriteLine(FormattableString.Invariant($"train:log_loss={metrics.LogLoss:F4}"));
        Console.WriteLine(FormattableString.Invariant($"train:accuracy={metrics.MicroAccuracy:F4}"));
#endif
    }

    private static IEstimator<ITransformer> Pipeline(MLContext ml, float l2) =>
#if (problemType == "regression")
        ml.Transforms.Concatenate("Measurements", nameof(Penguin.BillLength), nameof(Penguin.BillDepth), nameof(Penguin.FlipperLength))
#else
        ml.Transforms.Concatenate("Measurements",
                nameof(Penguin.BillLength), nameof(Penguin.BillDepth), nameof(Penguin.FlipperLength), nameof(Penguin.BodyMass))
#endif
            // A gap becomes the mean, which after normalising is 0: it says nothing.
            .Append(ml.Transforms.ReplaceMissingValues("Measurements", replacementMode: MissingValueReplacingEstimator.ReplacementMode.Mean))
            .Append(ml.Transforms.NormalizeMeanVariance("Measurements", fixZero: false))
#if (problemType == "regression")
            .Append(ml.Transforms.Categorical.OneHotEncoding([new("Kinds", nameof(Penguin.Species)), new("Islands", nameof(Penguin.Island)), new("Sexes", nameof(Penguin.Sex))]))
            .Append(ml.Transforms.Concatenate("Features", "Measurements", "Kinds", "Islands", "Sexes"))
            // A mass is positive, and what speaks for more of it multiplies.
            .Append(ml.Regression.Trainers.LbfgsPoissonRegression(new LbfgsPoissonRegressionTrainer.Options
            {
                LabelColumnName = nameof(Penguin.BodyMass),
                L1Regularization = 0,
                L2Regularization = l2,
                NumberOfThreads = 1, // sums of floats depend on their order: several threads would give another model each time
            }));
#else
#if (problemType == "binary_classification")
            .Append(ml.Transforms.Categorical.OneHotEncoding([new("Kinds", nameof(Penguin.Species)), new("Islands", nameof(Penguin.Island))]))
            .Append(ml.Transforms.Concatenate("Features", "Measurements", "Kinds", "Islands"))
#else
            .Append(ml.Transforms.Categorical.OneHotEncoding([new("Islands", nameof(Penguin.Island)), new("Sexes", nameof(Penguin.Sex))]))
            .Append(ml.Transforms.Concatenate("Features", "Measurements", "Islands", "Sexes"))
#endif
            .Append(ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options
            {
                L1Regularization = 0,
                L2Regularization = l2,
                NumberOfThreads = 1, // sums of floats depend on their order: several threads would give another model each time
            }))
            // The trainer predicts a key (1, 2, ...); users want the name. Evaluating above needs the key.
            .Append(ml.Transforms.CopyColumns("PredictedKey", "PredictedLabel"))
            .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
#endif

    /// <summary>Saves the model, the same bytes for the same model: its zip file would else contain the time.</summary>
    private static void Save(MLContext ml, ITransformer model, DataViewSchema schema, string file)
    {
        ml.Model.Save(model, schema, file);

        using var zip = ZipFile.Open(file, ZipArchiveMode.Update);
        foreach (var entry in zip.Entries)
            entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }

    private static float ParseL2(string text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= 0 && float.IsFinite(value)
            ? value
            : throw new InvalidDataException($"hyperparameter l2_regularization must be a number from 0 up, not '{text}'");
}
