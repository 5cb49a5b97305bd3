using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;

namespace Mlops.Compilation.Planning;

/// <summary>What code runs in.</summary>
/// <param name="OwnImage">An image of the user's; null: publish finds one.</param>
/// <param name="Algorithm">A built-in algorithm, or the analyzer; null: a framework, with code.</param>
public sealed record PlannedRuntime(Framework Framework, string? Version, string? Python, string? OwnImage, string? Algorithm = null)
{
    /// <summary>The program of this project that checks data, measures bias and explains; publish brings its container.</summary>
    public static PlannedRuntime Analyzer { get; } = new(Framework.Custom, null, null, null, "analyzer");

    /// <summary>Small programs of the compiler's own, which need Python alone.</summary>
    public static PlannedRuntime Plain { get; } = new(Framework.Sklearn, "1.4-2-py312", null, null);

    /// <summary>Whether the container that serves finds its code in the model's archive alone, below code/ (SageMaker inference toolkit), and fetches none.</summary>
    public bool ServesFromArchive => Algorithm is null && OwnImage is null && Framework is Framework.Pytorch or Framework.Tensorflow or Framework.Huggingface;

    public string FrameworkName => Algorithm ?? Framework.ToString().ToLowerInvariant();

    /// <summary>SageMaker's own containers, which fetch a script by the training and inference toolkits' contract.</summary>
    public bool HasToolkit => Algorithm is null && FrameworkImages.HasImages(Framework);

    /// <summary>The image for a use on instances of these types: one with a GPU decides for all.</summary>
    public PlannedImage Image(ImageUse use, params IEnumerable<string> instanceTypes)
    {
        var processor = instanceTypes.Any(t => InstanceTypes.ProcessorOf(t) == Processor.Gpu) ? Processor.Gpu : Processor.Cpu;
        return new PlannedImage(OwnImage, Parameter(use, processor), FrameworkName, Version, OwnImage is null ? Published(use, processor) : null);
    }

    /// <summary>Named by all that the choice of the image depends on, so that equal images are one parameter.</summary>
    private string Parameter(ImageUse use, Processor processor)
    {
        string?[] parts = [FrameworkName, Version, Python, HasTwoImages && use == ImageUse.Inference ? "inference" : null, HasTwoImages && processor == Processor.Gpu ? "gpu" : null];
        return Configuration.Facts.ReservedNames.ImagePrefix + string.Join('-', parts.OfType<string>().Select(p => p.Replace('.', '-').ToLowerInvariant()));
    }

    /// <summary>Whether SageMaker trains and serves it, with a GPU and without, by images of their own.</summary>
    private bool HasTwoImages => Algorithm is null && Framework is Framework.Pytorch or Framework.Tensorflow or Framework.Huggingface;

    private PublishedImage? Published(ImageUse use, Processor processor)
    {
        if (this == Analyzer)
            return null;
        if (Algorithm is { } algorithm and not Algorithms.Xgboost)
            return new(Algorithms.Registry(algorithm), algorithm, Algorithms.Tag);
        var framework = Algorithm is null ? Framework : Framework.Xgboost;
        if (Version is null || !FrameworkImages.HasImages(framework))
            return null;
        var images = FrameworkImages.Find(framework, use, Version);
        var image = images.FirstOrDefault(i => i.Python == Python) ?? images[^1];
        return new(image.Registry, image.Repository, image.Tag(processor)!);
    }
}

/// <summary>The image of a job, or of a model's container.</summary>
/// <param name="Own">A URI; null: <paramref name="Parameter"/> takes it.</param>
/// <param name="Parameter">The pipeline parameter that publish fills in.</param>
/// <param name="Published">SageMaker's; null: publish builds it, or there is none.</param>
public sealed record PlannedImage(string? Own, string Parameter, string Framework, string? Version, PublishedImage? Published)
{
    /// <summary>Publish makes it, of the built C# program.</summary>
    public bool IsMade => Own is null && Published is null && Framework == Definitions.ProgramContainer.Framework;
}

/// <param name="Registry">See <see cref="ImageRegistries"/>.</param>
public sealed record PublishedImage(string Registry, string Repository, string Tag);
