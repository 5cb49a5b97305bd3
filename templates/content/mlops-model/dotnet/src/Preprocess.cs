namespace ModelSteps;

/// <summary>Cleans the penguins and splits them into those to train with and those to test with.</summary>
public static class Preprocess
{
    private const double TestShare = 0.2;

    public static void Run()
    {
        var penguins = Penguin.ReadFolder(Container.Input("penguins"));
        var measured = penguins.Where(p => IsKnown(p) && HasMeasurement(p)).ToList();

        // The fixed seed gives the same split every time, so two runs can be compared,
        // and the pipeline need not repeat the later steps when the data did not change.
        var random = new Random(42);
        var train = new List<Penguin>();
        var test = new List<Penguin>();

#if (problemType == "binary_classification")
        // Splitting each sex by itself keeps their proportions equal in both files.
        foreach (var group in measured.GroupBy(p => p.Sex).OrderBy(g => g.Key, StringComparer.Ordinal))
#else
        // Splitting each species by itself keeps their proportions equal in both files.
        foreach (var group in measured.GroupBy(p => p.Species).OrderBy(g => g.Key, StringComparer.Ordinal))
#endif
        {
            var shuffled = group.ToArray();
            random.Shuffle(shuffled);
            var testCount = (int)Math.Round(shuffled.Length * TestShare);
            test.AddRange(shuffled[..testCount]);
            train.AddRange(shuffled[testCount..]);
        }

        Penguin.WriteFile(Path.Combine(Container.Output("train"), "train.csv"), train);
        Penguin.WriteFile(Path.Combine(Container.Output("test"), "test.csv"), test);

        Console.WriteLine($"{penguins.Count} penguins, {penguins.Count - measured.Count} dropped (not measured): " +
            $"{train.Count} to train with, {test.Count} to test with");
    }

#if (problemType == "regression")
    private static bool IsKnown(Penguin p) => !float.IsNaN(p.BodyMass);
#elseif (problemType == "binary_classification")
    private static bool IsKnown(Penguin p) => p.Sex != Penguin.UnknownSex;
#else
    private static bool IsKnown(Penguin p) => p.Species.Length > 0;
#endif

    /// <summary>
    /// A penguin that was not measured at all has nothing to learn from. Single gaps stay:
    /// the model fills them, because it must be able to do so when serving, too.
    /// </summary>
    private static bool HasMeasurement(Penguin p) =>
#if (problemType == "regression")
        new[] { p.BillLength, p.BillDepth, p.FlipperLength }.Any(value => !float.IsNaN(value));
#else
        new[] { p.BillLength, p.BillDepth, p.FlipperLength, p.BodyMass }.Any(value => !float.IsNaN(value));
#endif
}
