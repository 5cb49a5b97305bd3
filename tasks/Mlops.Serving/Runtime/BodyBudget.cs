using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Mlops.Serving.Runtime;

/// <summary>Reads bodies of requests as they come: what a caller only announces takes no memory, and all that come slowly take a bounded one.</summary>
/// <param name="most">In bytes, of all requests that are being read.</param>
internal sealed class BodyBudget(long most = BodyBudget.Default)
{
    public const long Default = 256L << 20;

    /// <summary>A body grows by such parts. One array that grew would leave its former selves to the collector: three times what it holds.</summary>
    private const int Part = 64 << 10;

    private const int First = 16 << 10;

    private long taken;

    /// <summary>In bytes, by what is being read now.</summary>
    public long Taken => Interlocked.Read(ref taken);

    /// <summary>The whole body; null: there is no room for more of it now.</summary>
    public async Task<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        var own = 0L;
        var parts = new List<byte[]>();
        try
        {
            var length = 0;
            while (true)
            {
                // The first is as large as most bodies are.
                var size = parts.Count > 0 ? Part : (int)Math.Min(First, (request.ContentLength ?? First) + 1);
                own += size;
                if (Interlocked.Add(ref taken, size) > most)
                    return null;
                var part = ArrayPool<byte>.Shared.Rent(size);
                parts.Add(part);
                var read = await request.Body.ReadAtLeastAsync(part.AsMemory(0, size), size, throwOnEndOfStream: false, cancellation);
                length += read;
                if (read < size)
                    return Whole(parts, length, request.ContentLength);
            }
        }
        finally
        {
            foreach (var part in parts)
                ArrayPool<byte>.Shared.Return(part);
            Interlocked.Add(ref taken, -own);
        }
    }

    private static byte[] Whole(List<byte[]> parts, int length, long? announced)
    {
        var whole = new byte[length];
        var (at, first) = (0, (int)Math.Min(First, (announced ?? First) + 1));
        for (var i = 0; i < parts.Count; i++)
        {
            var held = Math.Min(i == 0 ? first : Part, length - at);
            parts[i].AsSpan(0, held).CopyTo(whole.AsSpan(at));
            at += held;
        }

        return whole;
    }
}
