using System.Text.Json.Nodes;
using Mlops.Serving.Runtime;

namespace Mlops.Serving.Tests;

/// <summary>What of requests is kept, and where.</summary>
public sealed class CaptureLogTests : IDisposable
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    [Fact]
    public async Task Each_hour_and_each_variant_has_a_folder_of_its_own()
    {
        var evening = new DateTimeOffset(2026, 12, 31, 23, 59, 59, TimeSpan.Zero);
        await using (var log = Open())
        {
            foreach (var (variant, time) in new[] { ("A", evening), ("B", evening), ("A", evening.AddSeconds(1)), ("A", evening.AddHours(1).AddSeconds(1)), ("B", evening.AddSeconds(-1)) })
                log.Add(Request(variant, time));
        }

        Assert.Equal(["A/2026/12/31/23", "A/2027/01/01/00", "A/2027/01/01/01", "B/2026/12/31/23"], Hours());
        Assert.Equal(2, Directory.GetFiles(folder.File("B"), "*.jsonl", SearchOption.AllDirectories).SelectMany(File.ReadAllLines).Count(l => (string?)JsonNode.Parse(l)!["eventMetadata"]!["eventId"] is { Length: > 0 }));
    }

    public void Dispose() => folder.Dispose();

    private static CapturedInvocation Request(string variant, DateTimeOffset time) =>
        new(variant, Guid.NewGuid().ToString(), time) { InputType = "text/csv", Input = "1,2"u8.ToArray(), OutputType = "text/csv", Output = "3"u8.ToArray() };

    private CaptureLog Open() => new(new CaptureSettings(folder.Path, 100, true, true, ["text/csv"], []), _ => { });

    private IEnumerable<string?> Hours() => Directory.GetFiles(folder.Path, "*.jsonl", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(folder.Path, Path.GetDirectoryName(f)!).Replace('\\', '/')).Distinct().Order(StringComparer.Ordinal);
}
