namespace Mlops.Platform.Local.Endpoints;

/// <summary>Which fleets get which part of an endpoint's requests.</summary>
/// <param name="Shares">Fleets with their weights.</param>
/// <param name="Shadow">Gets copies of so many requests as its weight says; null: none does.</param>
internal sealed record Traffic(IReadOnlyList<(Fleet Fleet, double Weight)> Shares, Fleet? Shadow)
{
    public IEnumerable<Fleet> Fleets => Shadow is null ? Shares.Select(s => s.Fleet) : Shares.Select(s => s.Fleet).Append(Shadow);

    public static Traffic Of(EndpointSettings settings, Func<VariantSettings, Fleet> make) =>
        new([.. settings.Variants.Select(v => (make(v), v.Weight))], settings.Shadow is { } shadow ? make(shadow) : null);

    /// <summary>A part of the requests goes to the new fleets, the rest still to these.</summary>
    /// <param name="share">Of the requests, 0 to 1.</param>
    public Traffic ShiftedTo(Traffic fresh, double share)
    {
        if (share >= 1)
            return fresh;
        var (before, after) = (Shares.Sum(s => s.Weight), fresh.Shares.Sum(s => s.Weight));
        return fresh with
        {
            Shares = [.. Shares.Select(s => (s.Fleet, s.Weight / before * (1 - share))), .. fresh.Shares.Select(s => (s.Fleet, s.Weight / after * share))],
        };
    }

    /// <summary>A fleet by its weight, or of the variant that the caller names; null: there is no such variant.</summary>
    public Fleet? Choose(string? variant)
    {
        var candidates = variant is null ? Shares : [.. Shares.Where(s => s.Fleet.Variant.Name == variant)];
        if (candidates.Count <= 1)
            return candidates.Count == 0 ? null : candidates[0].Fleet;
        var at = Random.Shared.NextDouble() * candidates.Sum(s => s.Weight);
        foreach (var (fleet, weight) in candidates)
        {
            if ((at -= weight) < 0)
                return fleet;
        }

        return candidates[^1].Fleet;
    }
}
