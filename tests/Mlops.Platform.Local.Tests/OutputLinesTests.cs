using System.Text;
using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Tests;

public sealed class OutputLinesTests
{
    [Theory]
    [InlineData("a\nb\n", "a|b")]
    [InlineData("a\r\nb", "a|b")]
    [InlineData("10 %\r20 %\r\n\nend", "10 %|20 %||end")]
    [InlineData("", "")]
    [InlineData("123456789\n12345678\n", "12345678 ...|12345678")]
    public async Task Lines_end_as_on_any_system_and_are_bounded(string output, string lines) => Assert.Equal(lines, string.Join('|', await AllAsync(new MemoryStream(Encoding.UTF8.GetBytes(output)), 8)));

    [Fact]
    public async Task A_line_without_an_end_takes_no_more_memory_than_its_bound()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        var line = Assert.Single(await AllAsync(new Endless(100 << 20), 8192));

        Assert.Equal(8192 + " ...".Length, line.Length);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 10 << 20);
    }

    [Fact]
    public async Task A_carriage_return_at_the_end_of_a_block_belongs_to_the_line_feed_behind_it()
    {
        var text = new string('x', 4095) + "\r\nnext";

        Assert.Equal([new string('x', 4095), "next"], await AllAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), 8192));
    }

    private static async Task<List<string>> AllAsync(Stream output, int longest)
    {
        using var reader = new StreamReader(output);
        var lines = new OutputLines(reader, longest);
        var all = new List<string>();
        while (await lines.NextAsync() is { } line)
            all.Add(line);
        return all;
    }

    /// <summary>So many bytes, and no line's end.</summary>
    private sealed class Endless(long length) : MemoryStream
    {
        private long left = length;

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(left, count);
            Array.Fill(buffer, (byte)'x', offset, read);
            left -= read;
            return read;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = (int)Math.Min(left, buffer.Length);
            buffer.Span[..read].Fill((byte)'x');
            left -= read;
            return ValueTask.FromResult(read);
        }
    }
}
