using Mlops.Platform.Local.Execution;

namespace Mlops.Platform.Local.Tests;

/// <summary>Why a step runs again, in words.</summary>
public sealed class ContentChangeTests
{
    private const string OneHash = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string OtherHash = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    [Theory]
    [InlineData("""{"HyperParameters":{"eta":"0.2"}}""", """{"HyperParameters":{"eta":"0.3"}}""", "hyperparameter 'eta' changed from 0.2 to 0.3")]
    [InlineData("""{"HyperParameters":{}}""", """{"HyperParameters":{"eta":"0.3"}}""", "hyperparameter 'eta' is new")]
    [InlineData("""{"HyperParameters":{"eta":"0.3"}}""", """{}""", "HyperParameters is gone")]
    [InlineData("""{"TrainingJobDefinition":{"StaticHyperParameters":{"a":"1"}}}""", """{"TrainingJobDefinition":{"StaticHyperParameters":{"a":"2"}}}""", "hyperparameter 'a' changed from 1 to 2")]
    [InlineData("""{"AppSpecification":{"ContainerArguments":["--a","1"]}}""", """{"AppSpecification":{"ContainerArguments":["--a","2"]}}""", """the arguments changed from ["--a","1"] to ["--a","2"]""")]
    [InlineData("""{"HyperParameters":{"sagemaker_submit_directory":"A"}}""", """{"HyperParameters":{"sagemaker_submit_directory":"B"}}""", "code changed")]
    [InlineData("""{"ProcessingInputs":[{"InputName":"code","S3Input":{"S3Uri":"A"}}]}""", """{"ProcessingInputs":[{"InputName":"code","S3Input":{"S3Uri":"B"}}]}""", "code changed")]
    [InlineData("""{"InputDataConfig":[{"ChannelName":"train","DataSource":{"S3DataSource":{"S3Uri":"A"}}}]}""", """{"InputDataConfig":[{"ChannelName":"train","DataSource":{"S3DataSource":{"S3Uri":"B"}}},{"ChannelName":"test"}]}""", "input 'test' is new; input 'train' changed")]
    public void A_change_is_told_by_its_name(string before, string after, string expected)
    {
        var changes = ContentChange.Between(Content(before), Content(after));

        Assert.Equal(expected, string.Join("; ", changes));
    }

    [Fact]
    public void Equal_content_has_no_changes() => Assert.Empty(ContentChange.Between(Content("{}"), Content("{}")));

    private static string Content(string arguments) =>
        $$"""{"Type":"Training","Arguments":{{arguments.Replace("\"A\"", $"\"{OneHash}\"", StringComparison.Ordinal).Replace("\"B\"", $"\"{OtherHash}\"", StringComparison.Ordinal)}}}""";
}
