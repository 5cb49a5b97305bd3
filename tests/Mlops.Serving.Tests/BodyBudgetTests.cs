using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Mlops.Serving.Runtime;

namespace Mlops.Serving.Tests;

/// <summary>What bodies take of the memory while they come.</summary>
public sealed class BodyBudgetTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16 << 10)]
    [InlineData((16 << 10) + 1)]
    [InlineData(1_000_000)]
    public async Task A_body_is_read_whole_whatever_was_announced(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        foreach (var announced in new long?[] { null, length })
            Assert.Equal(bytes, await new BodyBudget().ReadAsync(Request(new MemoryStream(bytes), announced), default));
    }

    [Fact]
    public async Task Room_that_is_announced_is_not_taken_before_bytes_come_and_is_given_back()
    {
        var budget = new BodyBudget(100_000);
        var pipe = new Pipe();
        var slow = budget.ReadAsync(Request(pipe.Reader.AsStream(), 6_000_000), default);

        Assert.NotNull(await budget.ReadAsync(Request(new MemoryStream(new byte[60_000]), 60_000), default));
        await pipe.Writer.WriteAsync(new byte[50_000]);
        while (budget.Taken < 50_000)
            await Task.Delay(5);
        Assert.Null(await budget.ReadAsync(Request(new MemoryStream(new byte[60_000]), 60_000), default));
        await pipe.Writer.CompleteAsync();
        Assert.Equal(50_000, (await slow)!.Length);
        Assert.NotNull(await budget.ReadAsync(Request(new MemoryStream(new byte[60_000]), 60_000), default));
        Assert.Equal(0, budget.Taken);
    }

    private static HttpRequest Request(Stream body, long? announced)
    {
        var http = new DefaultHttpContext();
        (http.Request.Body, http.Request.ContentLength) = (body, announced);
        return http.Request;
    }
}
