using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Tests;

/// <summary>Whether a program names /opt/ml, so that it has to find something there.</summary>
public sealed class MountedPathsTests
{
    [Theory]
    [InlineData("cd /opt/ml&&ls", true)]
    [InlineData("(ls /opt/ml/*)", true)]
    [InlineData("file:///opt/ml/processing/input", true)]
    [InlineData("-I/opt/ml/code", true)]
    [InlineData("s3://bucket/opt/ml/x", false)]
    [InlineData("/opt/mlflow/bin/python", false)]
    [InlineData("https://host/opt/ml-team", false)]
    public void A_path_is_named_by_itself_and_not_as_a_part_of_another(string argument, bool named) =>
        Assert.Equal(named, MountedPaths.AreNamed(["program", argument], "/repository/run/ml", "/repository"));

    /// <summary>A shell parts what stands behind -c at its blanks.</summary>
    [Theory]
    [InlineData("/repository/ml", "-c", false)]
    [InlineData("/my repository/ml", "-c", true)]
    [InlineData("/my repository/ml", "-lc", true)]
    [InlineData("/my repository/ml", "--x", false)]
    public void A_folder_with_a_blank_is_not_handed_to_a_shell(string folder, string option, bool mounted) =>
        Assert.Equal(mounted, MountedPaths.AreNamed(["sh", option, $"cat {folder}/input/a"], folder, "/"));
}
