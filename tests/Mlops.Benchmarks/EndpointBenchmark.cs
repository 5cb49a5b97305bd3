using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Mlops.Serving.Runtime;

namespace Mlops.Benchmarks;

/// <summary>The data plane with capture on, beside the plainest proxy that ASP.NET Core gives, in front of the same worker.</summary>
internal static class EndpointBenchmark
{
    private const int Callers = 16;
    private const int Rounds = 5;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);
    private static readonly byte[] Payload = "Torgersen,39.1,18.7,181,3750,male\n"u8.ToArray();

    public static async Task RunAsync(string folder)
    {
        await using var worker = await StartAsync(async http =>
        {
            await http.Request.Body.CopyToAsync(Stream.Null);
            http.Response.ContentType = "text/csv";
            await http.Response.Body.WriteAsync("Adelie,0.9996\n"u8.ToArray());
        });
        var address = new Uri(worker.Urls.Single());
        using var client = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        await using var bare = await StartAsync(http => ForwardAsync(http, client, address));
        await using var capture = new CaptureLog(new CaptureSettings(folder, 100, true, true, ["text/csv"], []), _ => { });
        using var api = new RuntimeApi(new OneEndpoint(address, capture));
        await using var ours = await StartAsync(api.InvokeAsync);

        var bareUrl = new Uri(bare.Urls.Single() + "/invocations");
        var ourUrl = new Uri(ours.Urls.Single() + "/endpoints/penguins/invocations");
        await LoadAsync(bareUrl);
        await LoadAsync(ourUrl);
        var pairs = new List<((double Rate, double P99) Bare, (double Rate, double P99) Ours)>();
        for (var i = 0; i < Rounds; i++)
            pairs.Add((await LoadAsync(bareUrl), await LoadAsync(ourUrl)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"endpoint with capture: {Median(pairs.Select(p => p.Ours.Rate)):F0} requests/s, a bare proxy {Median(pairs.Select(p => p.Bare.Rate)):F0}: {Median(pairs.Select(p => p.Ours.Rate / p.Bare.Rate)):P0}; p99 {Median(pairs.Select(p => p.Ours.P99 - p.Bare.P99)):F2} ms above it; {capture.Left} lines left out"));
    }

    private static double Median(IEnumerable<double> figures) => figures.Order().ElementAt(Rounds / 2);

    private static async Task<(double Rate, double P99)> LoadAsync(Uri url)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var times = new ConcurrentBag<List<double>>();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            var own = new List<double>();
            while (clock.Elapsed < Round)
            {
                var start = Stopwatch.GetTimestamp();
                using var body = new ByteArrayContent(Payload);
                body.Headers.ContentType = new("text/csv");
                using var answer = await client.PostAsync(url, body);
                if (!answer.IsSuccessStatusCode)
                    throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
                own.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            times.Add(own);
        })));
        var all = times.SelectMany(t => t).Order().ToList();
        return (all.Count / clock.Elapsed.TotalSeconds, all[(int)(all.Count * 0.99)]);
    }

    private static async Task<WebApplication> StartAsync(RequestDelegate handle)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(handle);
        await app.StartAsync();
        return app;
    }

    private static async Task ForwardAsync(HttpContext http, HttpMessageInvoker client, Uri worker)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(worker, "invocations")) { Content = new StreamContent(http.Request.Body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", http.Request.ContentType);
        using var answer = await client.SendAsync(request, http.RequestAborted);
        http.Response.StatusCode = (int)answer.StatusCode;
        http.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        await answer.Content.CopyToAsync(http.Response.Body, http.RequestAborted);
    }

    private sealed class OneEndpoint(Uri address, CaptureLog capture) : IEndpoints
    {
        public bool AreReady => true;

        public bool Knows(string endpoint) => true;

        public ValueTask<Admission> AdmitAsync(string endpoint, string? variant, CancellationToken cancellation) => ValueTask.FromResult(new Admission(new Held(address, capture), Refusal.None));

        public Acceptance Enqueue(string endpoint, QueuedInvocation invocation) => Acceptance.Refused(Refusal.Synchronous);
    }

    private sealed class Held(Uri address, CaptureLog capture) : IInvocationLease
    {
        public IReadOnlyList<Uri> Addresses { get; } = [address];

        public string Variant => "AllTraffic";

        public CaptureLog? Capture => capture;

        public IInvocationLease? Shadow => null;

        public void Answered(int status, TimeSpan latency)
        {
            // Nobody watches.
        }

        public void Dispose()
        {
            // The worker outlives the requests.
        }
    }
}
