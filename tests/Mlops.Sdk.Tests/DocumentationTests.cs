using System.Text.RegularExpressions;
using System.Xml.Linq;
using Mlops.Quickstart;

namespace Mlops.Sdk.Tests;

/// <summary>docs/msbuild.md lists what a project may use, all of it and nothing else.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string Root = Sandbox.Repository;

    [Fact]
    public void Every_public_target_property_and_item_is_documented_and_all_that_is_documented_is_there()
    {
        var files = Directory.GetFiles(Path.Combine(Root, "sdk"), "*.*", SearchOption.AllDirectories).Where(f => Path.GetExtension(f) is ".props" or ".targets" && !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).ToList();
        var texts = files.Select(File.ReadAllText).ToList();
        var tasks = texts.SelectMany(t => XDocument.Parse(t).Descendants().Where(e => e.Name.LocalName == "UsingTask")).Select(e => e.Attribute("TaskName")!.Value.Split('.')[^1]).ToHashSet(StringComparer.Ordinal);
        var used = texts.SelectMany(t => XDocument.Parse(t).Descendants().SelectMany(Names)).Where(n => !tasks.Contains(n) || n is "MlopsValidate" or "MlopsCompile" or "MlopsShow" or "MlopsCi").Where(n => !n.EndsWith("DependsOn", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        var documented = Name().Matches(File.ReadAllText(Path.Combine(Root, "docs", "msbuild.md"))).Select(m => m.Value).Where(n => n != "MlopsX" && !n.EndsWith("DependsOn", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(used.Except(documented));
        Assert.Empty(documented.Except(used));
    }

    [Fact]
    public void The_properties_that_verbs_know_are_those_that_are_documented()
    {
        var section = File.ReadAllText(Path.Combine(Root, "docs", "msbuild.md")).Split("## Properties")[1].Split("## Items")[0];
        var rows = section.Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal)).Select(l => l.Split('|')[1]);

        Assert.Equal(rows.SelectMany(r => Name().Matches(r)).Select(m => m.Value).Order(StringComparer.Ordinal), Mlops.Tasks.MlopsProperties.Known.Order(StringComparer.Ordinal));
    }

    /// <summary>What an element defines or reads: its own name, targets, and $(...) and @(...) in its attributes and text.</summary>
    private static IEnumerable<string> Names(XElement element)
    {
        if (Name().Match(element.Name.LocalName) is { Success: true } own && own.Length == element.Name.LocalName.Length)
            yield return own.Value;
        if (element.Name.LocalName == "Target" && element.Attribute("Name")!.Value is var target && target.StartsWith("Mlops", StringComparison.Ordinal))
            yield return target;
        foreach (var text in element.Attributes().Select(a => a.Value).Concat(element.Nodes().OfType<XText>().Select(t => t.Value)))
        {
            foreach (Match match in Reference().Matches(text))
                yield return match.Groups[1].Value;
        }

        if (element.Name.LocalName == "Output" && element.Attribute("ItemName")?.Value is { } item && !item.StartsWith('_'))
            yield return item;
    }

    [GeneratedRegex(@"(?<![_A-Za-z])Mlops[A-Z][A-Za-z]*(?!\.)\b")]
    private static partial Regex Name();

    [GeneratedRegex(@"[$@]\((Mlops[A-Z][A-Za-z]*)")]
    private static partial Regex Reference();
}
