namespace ModelSteps;

/// <summary>Cleans the penguins and splits them into those to train with and those to test with.</summary>
public static class Preprocess
{
    private const double TestShare = 0.2;

    public static void Run()
    {
        var penguins = Penguin.ReadFolder(Container.Input("penguins"));
        var measured = penguins.Where(HasMeasurement).ToList();

        // The fixed seed gives the same split every time, so two runs can be compared,
        // and the pipeline need not repeat the later steps when the data did not change.
        var random = new Random(42);
        var train = new List<Penguin>();
        var test = new List<Penguin>();

        // Splitting each species by itself keeps their proportions equal in both files.
        foreach (var species in measured.GroupBy(p => p.Species).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var shuffled = species.ToArray();
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

    /// <summary>
    /// A penguin that was not measured at all has nothing to learn from. Single gaps stay:
    /// the model fills them, because it must be able to do so when serving, too.
    /// </summary>
    private static bool HasMeasurement(Penguin p) =>
        new[] { p.BillLength, p.BillDepth, p.FlipperLength, p.BodyMass }.Any(value => !float.IsNaN(value));
}
