using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using Mlops.Configuration.Reports;

namespace Mlops.Tasks;

/// <summary>Prints the effective configuration: every value, and where it comes from.</summary>
[MSBuildMultiThreadableTask]
public sealed class MlopsShow : ConfigTask
{
    /// <summary>One item a key, with the metadata Value and Source.</summary>
    [Output]
    public ITaskItem[] Settings { get; private set; } = [];

    protected override void Run()
    {
        if (ReadOverrides(Set) is not { } overrides || ReadConfig(overrides) is not { } config)
            return;
        var values = EffectiveConfig.Of(config, Path.GetFileName(ConfigPath), overrides);
        foreach (var value in values)
            Log.LogMessage(MessageImportance.High, "{0}: {1}  # {2}", value.Path, value.Value, value.Source);
        Settings = [.. values.Select(Item)];
    }

    private static TaskItem Item(EffectiveValue value)
    {
        var item = new TaskItem(Escape(value.Path));
        item.SetMetadata("Value", Escape(value.Value));
        item.SetMetadata("Source", Escape(value.Source));
        return item;
    }

    /// <summary>An item's text is taken for escaped.</summary>
    private static string Escape(string text) => text.Replace("%", "%25", StringComparison.Ordinal);
}
