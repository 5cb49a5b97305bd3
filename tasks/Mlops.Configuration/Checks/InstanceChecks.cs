using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Instances are fit for what they are used for.</summary>
internal static class InstanceChecks
{
    /// <summary>The default of several uses: it has to be fit for all that have none of their own.</summary>
    public static void CheckShared(InstanceSection? instance, IEnumerable<InstanceUse> uses, DiagnosticBag diagnostics)
    {
        foreach (var use in uses.Distinct())
        {
            if (instance?.Type is { } type)
                CheckType(type, use, diagnostics);
        }
    }

    public static void Check(InstanceSection? instance, InstanceUse use, DiagnosticBag diagnostics, bool hasVolume = true)
    {
        if (instance is null)
            return;
        if (instance.Type is { } type)
            CheckType(type, use, diagnostics);
        if (!hasVolume && instance.Volume is { } volume)
            diagnostics.Add(Errors.NoEffect(volume.Span, "volume", "SageMaker chooses the disk of these instances itself. Remove it."));
    }

    public static void CheckType(Located<InstanceType> type, InstanceUse use, DiagnosticBag diagnostics)
    {
        if (InstanceTypes.UsesOf(type.Value.Name).HasFlag(use))
            return;
        var family = string.Join('.', type.Value.Name.Split('.').Take(2)) + ".";
        var fit = InstanceTypes.For(use);
        var near = fit.Where(t => t.StartsWith(family, StringComparison.Ordinal)).ToList();
        diagnostics.Add(Errors.InstanceDoesNotFit(type.Span, type.Value.Name, Word(use), near.Count > 0 ? near : ["ml.m5.large", "ml.m5.xlarge", "ml.g5.xlarge"]));
    }

    private static string Word(InstanceUse use) => use switch
    {
        InstanceUse.Training => "training",
        InstanceUse.Processing => "processing",
        InstanceUse.Transform => "batch transform",
        _ => "endpoints",
    };
}
