using Mlops.Compilation.Bundles;

namespace Mlops.Compilation.Tests;

/// <summary>What a program will import, seen in its text.</summary>
public sealed class PythonImportsTests : IDisposable
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    [Theory]
    [InlineData("import numpy", "numpy")]
    [InlineData("import numpy as np, os.path, scipy.stats as s", "numpy os scipy")]
    [InlineData("from sklearn.linear_model import LogisticRegression", "sklearn")]
    [InlineData("from sklearn import (\n    svm,\n)", "sklearn")]
    [InlineData("try:\n    import ujson\nexcept ImportError:\n    import json", "")]
    [InlineData("def late():\n    import torch", "")]
    [InlineData("\"\"\"\nimport nothing\nfrom here import there\n\"\"\"\nimport os", "os")]
    [InlineData("from . import sibling", "")]
    [InlineData("importlib = 1\nfromage = 2", "")]
    [InlineData("import sys\nsys.path.append('/opt/ml/lib')\nimport elsewhere", "")]
    [InlineData("import os # comment", "os")]
    public void Statements_at_the_margin_count(string text, string expected)
    {
        var imports = PythonImports.Of([("main.py", folder.Write("main.py", text))], "main.py");

        Assert.Equal(expected, string.Join(' ', imports.Packages));
    }

    [Fact]
    public void Modules_of_the_bundle_are_followed_and_not_listed()
    {
        var files = new[] { ("src/main.py", "import helper\nimport package.part"), ("src/helper.py", "import pandas"), ("src/package/__init__.py", "import numpy\nimport helper"), ("other.py", "import unused") }
            .Select(f => (f.Item1, folder.Write(f.Item1, f.Item2))).ToList();

        var imports = PythonImports.Of(files, "src/main.py");

        Assert.Equal(["numpy", "pandas"], imports.Packages);
        Assert.Empty(imports.LeftBehind);
    }

    [Fact]
    public void A_module_beside_the_program_that_does_not_travel_is_left_behind()
    {
        folder.Write("src/helper.py", "");

        var imports = PythonImports.Of([("main.py", folder.Write("src/main.py", "import helper, json"))], "main.py");

        Assert.Equal(["helper", "json"], imports.Packages);
        Assert.Equal(["helper"], imports.LeftBehind);
    }

    [Fact]
    public void A_notebook_is_run_by_papermill() =>
        Assert.Equal(["papermill"], PythonImports.Of([("n.ipynb", folder.Write("n.ipynb", "{}"))], "n.ipynb").Packages);

    public void Dispose() => folder.Dispose();
}
