using System.Globalization;

namespace Mlops.Configuration.Values;

/// <summary>Which registered version: the newest approved one, the newest, or one by its number.</summary>
public readonly record struct VersionChoice(string Text)
{
    public const string Approved = "approved";
    public const string Latest = "latest";
    public const string Expected = "approved, latest, or the number of a version";

    public static VersionChoice? Parse(string text) =>
        text is Approved or Latest || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0) ? new VersionChoice(text) : null;

    public override string ToString() => Text;

    /// <summary>Neither 'approved' nor 'latest'.</summary>
    public bool IsNumber => Text is not (Approved or Latest);
}
