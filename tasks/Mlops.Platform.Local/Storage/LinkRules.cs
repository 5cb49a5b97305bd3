namespace Mlops.Platform.Local.Storage;

/// <summary>How links are read that a program left in its folders.</summary>
/// <param name="Resolve">Where a link's target lies that begins with '/', for the program had folders of its own.</param>
/// <param name="Within">The folder out of which no link is followed; null: any is.</param>
internal sealed record LinkRules(Func<string, string> Resolve, string? Within)
{
    /// <summary>Each leads where it says.</summary>
    public static LinkRules AsTheyAre { get; } = new(target => target, null);
}
