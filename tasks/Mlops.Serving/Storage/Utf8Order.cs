
namespace Mlops.Serving.Storage;

/// <summary>S3 lists keys by their UTF-8 bytes, which is by code points: not quite the order of UTF-16.</summary>
internal static class Utf8Order
{
    public static readonly IComparer<string> Comparer = Comparer<string>.Create(Compare);

    public static int Compare(string a, string b)
    {
        var (left, right) = (a.EnumerateRunes(), b.EnumerateRunes());
        while (true)
        {
            var (more, other) = (left.MoveNext(), right.MoveNext());
            if (!more || !other)
                return more.CompareTo(other);
            if (left.Current.Value.CompareTo(right.Current.Value) is not 0 and var order)
                return order;
        }
    }
}
