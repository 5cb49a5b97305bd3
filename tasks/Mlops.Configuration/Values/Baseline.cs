namespace Mlops.Configuration.Values;

/// <summary>What data is compared with: the approved version's constraints, or a constraints.json of the repository.</summary>
/// <param name="File">Null: the approved version's.</param>
public readonly record struct Baseline(RepositoryPath? File)
{
    public const string Approved = "approved";
    public const string Expected = "approved, or the path of a constraints.json";

    public override string ToString() => File?.Text ?? Approved;
}
