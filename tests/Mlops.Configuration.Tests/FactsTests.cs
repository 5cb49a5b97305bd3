using Mlops.Configuration.Facts;

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
}
