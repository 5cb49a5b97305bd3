using System.Text.RegularExpressions;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;

namespace Mlops.Configuration.Tests;

/// <summary>Tables of facts, held against a source that this project did not write.</summary>
public sealed class FactsTests
{
    [SkippableFact]
    public void Instance_types_are_those_of_SageMakers_API()
    {
        Skip.IfNot(Conformance.HasPython("botocore"), "python3 with botocore is not installed.");
        using var folder = TestFolder.Temporary();
        folder.Write("list.py", """
            import botocore.session
            model = botocore.session.get_session().get_service_model("sagemaker")
            for use in ("Training", "Processing", "Transform", "ProductionVariant"):
                print(use, *sorted(model.shape_for(use + "InstanceType").enum))
            """);
        (string Name, InstanceUse Use)[] uses = [("Training", InstanceUse.Training), ("Processing", InstanceUse.Processing), ("Transform", InstanceUse.Transform), ("ProductionVariant", InstanceUse.Hosting)];

        var (exitCode, output) = Conformance.RunPython(folder.File("list.py"));

        Assert.True(exitCode == 0, output);
        var ours = uses.Select(u => string.Join(' ', InstanceTypes.For(u.Use).Order(StringComparer.Ordinal).Prepend(u.Name)));
        Assert.Equal(ours, output.Trim().ReplaceLineEndings("\n").Split('\n'));
    }

    [SkippableFact]
    public void Regions_are_those_in_which_SageMaker_is()
    {
        Skip.IfNot(Conformance.HasPython("botocore"), "python3 with botocore is not installed.");
        using var folder = TestFolder.Temporary();
        folder.Write("list.py", """
            import botocore.session
            session = botocore.session.get_session()
            for partition in session.get_available_partitions():
                for region in session.get_available_regions("sagemaker", partition):
                    print(region, partition)
            """);

        var (exitCode, output) = Conformance.RunPython(folder.File("list.py"));

        Assert.True(exitCode == 0, output);
        var ours = Regions.Names.Select(r => $"{r} {Regions.PartitionOf(r)}").Order(StringComparer.Ordinal);
        Assert.Equal(output.Trim().ReplaceLineEndings("\n").Split('\n').Order(StringComparer.Ordinal), ours);
    }

    [Theory]
    [InlineData("UTC")]
    [InlineData("Europe/Amsterdam")]
    [InlineData("America/Argentina/Buenos_Aires")]
    [InlineData("Etc/GMT+5")]
    public void Time_zones_go_by_their_IANA_names(string name) => Assert.True(TimeZones.Exists(name));

    [Theory]
    [InlineData("CET+1")]
    [InlineData("europe/amsterdam")]
    [InlineData("")]
    public void Other_names_are_no_time_zones(string name) => Assert.False(TimeZones.Exists(name));

    [SkippableFact]
    public void Registries_of_deep_learning_containers_are_those_that_the_CDK_knows()
    {
        var folder = Npm.Install("aws-cdk-lib", "2.276.0");
        var source = File.ReadAllText(Path.Combine(folder, "region-info", "lib", "built-ins.generated.js"));
        var theirs = Regex.Matches(source, "region:\"([a-z0-9-]+)\",name:[^,]*DLC_REPOSITORY_ACCOUNT,value:\"([0-9]+)\"").ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        var ours = ImageRegistries.Accounts("deep-learning");

        Assert.True(theirs.Count > 20, $"{theirs.Count} regions");
        Assert.All(theirs.Where(t => ours.ContainsKey(t.Key)), t => Assert.Equal(t.Value, ours[t.Key]));
        Assert.Empty(theirs.Keys.Except(ours.Keys));
    }

    /// <summary>Of Osaka, where algorithms came later, the provider has the registry of the frameworks: the SageMaker SDK names the one of deep learning, where they lie now.</summary>
    [Fact]
    public void Registries_are_those_that_Terraforms_provider_has()
    {
        string[] moved = ["blazingtext ap-northeast-3", "algorithms ap-northeast-3"];
        var theirs = File.ReadLines(Path.Combine(TestFolder.Of<FactsTests>(), "Facts", "registries-of-terraform.txt")).Where(l => l[0] != '#').Select(l => l.Split(' '))
            .SelectMany(words => words.Skip(1).Select(w => w.Split('=')).Select(w => (Registry: words[0], Region: w[0], Account: w[1]))).ToList();

        Assert.Equal(["algorithms", "blazingtext", "deep-learning", "forecasting", "lda", "scikit-learn"], theirs.Select(t => t.Registry).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(moved.Order(StringComparer.Ordinal), theirs.Where(t => ImageRegistries.Accounts(t.Registry).GetValueOrDefault(t.Region) != t.Account).Select(t => $"{t.Registry} {t.Region}").Order(StringComparer.Ordinal));
    }

    /// <summary>The CDK's constructs list what the registry itself answers.</summary>
    [SkippableFact]
    public void Images_of_Hugging_Face_are_among_those_that_lie_in_the_registry()
    {
        var folder = Npm.Install("@cdklabs/generative-ai-cdk-constructs", "0.1.318");
        var source = File.ReadAllText(Path.Combine(folder, "lib", "patterns", "gen-ai", "aws-model-deployment-sagemaker", "deep-learning-container-image.js"));
        var theirs = Regex.Matches(source, "fromDeepLearningContainerImage\\('(huggingface-pytorch-inference)', *'([^']+)'\\)").Select(m => m.Groups[2].Value).ToHashSet(StringComparer.Ordinal);
        var newest = theirs.Select(Transformers).Max();
        var ours = FrameworkImages.Versions(Framework.Huggingface, ImageUse.Inference).SelectMany(v => FrameworkImages.Find(Framework.Huggingface, ImageUse.Inference, v))
            .Where(i => i.Repository == "huggingface-pytorch-inference").SelectMany(i => new[] { i.Tag(Processor.Cpu), i.Tag(Processor.Gpu) }).OfType<string>().Distinct().Where(t => Transformers(t) <= newest).ToList();

        Assert.True(ours.Count >= 20, $"{ours.Count} images");
        Assert.Equal([], ours.Except(theirs));

        static Version Transformers(string tag) => Version.Parse(Regex.Match(tag, @"-transformers([0-9.]+)-").Groups[1].Value);
    }

    [Theory]
    [InlineData(Framework.Sklearn, ImageUse.Training, "1.2-1", "sagemaker-scikit-learn:1.2-1-cpu-py3")]
    [InlineData(Framework.Xgboost, ImageUse.Inference, "1.7-1", "sagemaker-xgboost:1.7-1")]
    [InlineData(Framework.Pytorch, ImageUse.Training, "2.3", "pytorch-training:2.3.0-cpu-py311")]
    [InlineData(Framework.Tensorflow, ImageUse.Inference, "2.13", "tensorflow-inference:2.13.0-cpu")]
    [InlineData(Framework.Huggingface, ImageUse.Inference, "4.37", "huggingface-pytorch-inference:2.1.0-transformers4.37.0-cpu-py310-ubuntu22.04")]
    public void Images_have_the_names_that_the_SageMaker_SDK_gives_them(Framework framework, ImageUse use, string version, string name)
    {
        var image = FrameworkImages.Find(framework, use, version)[^1];

        Assert.Equal(name, $"{image.Repository}:{image.Tag(Processor.Cpu)}");
    }

    [Theory]
    [InlineData("ml.m5.large", Processor.Cpu)]
    [InlineData("ml.g5.xlarge", Processor.Gpu)]
    [InlineData("ml.p4d.24xlarge", Processor.Gpu)]
    [InlineData("ml.c7g.large", Processor.Arm)]
    [InlineData("ml.r6gd.large", Processor.Arm)]
    [InlineData("ml.inf2.xlarge", Processor.Accelerator)]
    [InlineData("ml.trn1.2xlarge", Processor.Accelerator)]
    [InlineData("ml.dl1.24xlarge", Processor.Accelerator)]
    public void An_instance_computes_with(string type, Processor processor) => Assert.Equal(processor, InstanceTypes.ProcessorOf(type));

    [Fact]
    public void Every_image_lies_in_a_registry_that_is_known()
    {
        foreach (var framework in Enum.GetValues<Framework>().Where(FrameworkImages.HasImages))
        {
            foreach (var use in Enum.GetValues<ImageUse>())
            {
                var images = FrameworkImages.Versions(framework, use).SelectMany(v => FrameworkImages.Find(framework, use, v)).ToList();
                Assert.NotEmpty(images);
                Assert.All(images, i => Assert.Contains("us-east-1", ImageRegistries.Accounts(i.Registry).Keys));
            }
        }

        Assert.All(Algorithms.Names, a => Assert.Contains("us-east-1", ImageRegistries.Accounts(Algorithms.Registry(a)).Keys));
    }
}
