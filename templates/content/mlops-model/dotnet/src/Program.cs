using ModelSteps;

// One program for every step of the pipeline: the container's first argument says which.
// Each step is a class of its own, so a step loads only what it uses (ASP.NET only in `serve`).
try
{
    switch (args.FirstOrDefault())
    {
        case "preprocess": Preprocess.Run(); return 0;
        case "train": Train.Run(); return 0;
        case "evaluate": Evaluate.Run(); return 0;
        case "serve": Serve.Run(); return 0;

        case var command:
            Console.Error.WriteLine($"Unknown command '{command}'. Commands: preprocess, train, evaluate, serve.");
            return 2;
    }
}
catch (Exception e) when (e is InvalidDataException or IOException)
{
    // Wrong or missing data is the user's to mend, and one line says how.
    // Any other exception is a bug: it is not caught, so that its stack trace shows.
    Console.Error.WriteLine($"error: {e.Message}");
    return 1;
}
