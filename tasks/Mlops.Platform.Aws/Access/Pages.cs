namespace Mlops.Platform.Aws.Access;

/// <summary>Lists of AWS, which come in pages: the next one is asked for when it is needed.</summary>
internal static class Pages
{
    /// <param name="ask">Takes the token of a page; null: the first one.</param>
    /// <param name="items">Of a page; null: it has none.</param>
    /// <param name="next">The token of the page after it; null: it is the last.</param>
    public static async IAsyncEnumerable<TItem> AllAsync<TAnswer, TItem>(Func<string?, Task<TAnswer>> ask, Func<TAnswer, IEnumerable<TItem>?> items, Func<TAnswer, string?> next)
    {
        string? token = null;
        do
        {
            var answer = await ask(token);
            foreach (var item in items(answer) ?? [])
                yield return item;
            token = next(answer);
        }
        while (token is not null);
    }
}
