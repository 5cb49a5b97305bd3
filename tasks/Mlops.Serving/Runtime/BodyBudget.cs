using Microsoft.AspNetCore.Http;

namespace Mlops.Serving.Runtime;

/// <summary>Reads bodies of requests as they come: what a caller only announces takes no memory, and all that come slowly take a bounded one.</summary>
/// <param name="most">In bytes, of all requests that are being read.</param>
internal sealed class BodyBudget(long most = BodyBudget.Default)
{
    public const long Default = 256L << 20;

    private const int First = 16 << 10;

    private long taken;

    /// <summary>In bytes, by what is being read now.</summary>
    public long Taken => Interlocked.Read(ref taken);

    /// <summary>The whole body; null: there is no room for more of it now.</summary>
    public async Task<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        var own = 0L;
        try
        {
            var buffer = new byte[Math.Min(First, (request.ContentLength ?? First) + 1)];
            var filled = 0;
            while (true)
            {
                if (own < buffer.Length)
                {
                    var more = buffer.Length - own;
                    own += more;
                    if (Interlocked.Add(ref taken, more) > most)
                        return null;
                }

                var read = await request.Body.ReadAsync(buffer.AsMemory(filled), cancellation);
                if (read == 0)
                    return filled == buffer.Length ? buffer : buffer[..filled];
                filled += read;
                if (filled == buffer.Length)
                    Array.Resize(ref buffer, Larger(buffer.Length, request.ContentLength));
            }
        }
        finally
        {
            Interlocked.Add(ref taken, -own);
        }
    }

    /// <summary>Twice as large, or as large as was announced and a byte, where its end is seen.</summary>
    private static int Larger(int length, long? announced) => (int)(announced is { } whole && whole >= length ? Math.Min(length * 2L, whole + 1) : length * 2L);
}
