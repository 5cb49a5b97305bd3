using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

using Mlops.Serving.Runtime;

namespace Mlops.Serving.Tests;

/// <summary>The data plane over real sockets, with a model behind it that does as a test asks.</summary>
public sealed class RuntimeApiTests : IAsyncLifetime
{
    private readonly HttpClient client = new();
    private readonly Directory endpoints = new();
    private readonly RuntimeApi api;
    private WebApplication server = null!;
    private WebApplication model = null!;
    private Func<HttpContext, Task> answer = _ => Task.CompletedTask;

    public RuntimeApiTests()
    {
        api = new RuntimeApi(endpoints);
    }

    public async Task InitializeAsync()
    {
        model = await StartAsync(http => answer(http));
        server = await StartAsync(api.InvokeAsync);
        endpoints.Model = new Uri(model.Urls.Single());
    }

    [Fact]
    public async Task A_request_reaches_the_model_and_its_answer_the_caller()
    {
        string? seen = null;
        answer = async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            seen = $"{http.Request.Method} {http.Request.Path} {http.Request.ContentType} {http.Request.Headers.Accept} {await reader.ReadToEndAsync()}";
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync("{\"label\":1}");
        };

        using var response = await PostAsync("1,2", accept: "application/json");

        Assert.Equal("POST /invocations text/csv application/json 1,2", seen);
        Assert.Equal("{\"label\":1}", await response.Content.ReadAsStringAsync());
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("AllTraffic", response.Headers.GetValues("x-Amzn-Invoked-Production-Variant").Single());
        Assert.Equal(0, endpoints.Leases);
    }

    [Theory]
    [InlineData(400, 400)]
    [InlineData(415, 415)]
    [InlineData(500, 424)]
    public async Task The_model_s_errors_have_SageMaker_s_shape(int status, int expected)
    {
        answer = http =>
        {
            http.Response.StatusCode = status;
            return http.Response.WriteAsync("line 1: 6 columns are expected");
        };

        using var response = await PostAsync("x");
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.Equal("ModelError", response.Headers.GetValues("x-amzn-ErrorType").Single());
        Assert.Equal((status, "line 1: 6 columns are expected"), (body["OriginalStatusCode"]!.GetValue<int>(), body["OriginalMessage"]!.ToString()));
    }

    [Theory]
    [InlineData("GET", "/ping", 200, null)]
    [InlineData("POST", "/endpoints/nobody/invocations", 400, "ValidationError")]
    [InlineData("GET", "/endpoints/penguins/invocations", 405, "ValidationError")]
    [InlineData("POST", "/endpoints//invocations", 404, "ValidationError")]
    [InlineData("POST", "/endpoints/penguins/invocations/more", 404, "ValidationError")]
    [InlineData("POST", "/", 404, "ValidationError")]
    public async Task Other_requests_are_told_what_there_is(string method, string path, int status, string? error)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), server.Urls.Single() + path);

        using var response = await client.SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(error, response.Headers.TryGetValues("x-amzn-ErrorType", out var values) ? values.Single() : null);
    }

    [Theory]
    [InlineData("Host", "evil.example:8080")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    public async Task A_page_in_a_browser_cannot_ask(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Url()) { Content = new StringContent("x") };
        request.Headers.TryAddWithoutValidation(header, value);

        using var response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_the_limit_is_refused(bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Url()) { Content = new ByteArrayContent(new byte[RuntimeApi.MostBodyBytes + 1]) };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.ExpectContinue = true;

        using var response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task A_ping_is_a_503_while_a_model_is_not_up()
    {
        endpoints.Refusal = Refusal.NotUp;

        using var response = await client.GetAsync(new Uri(server.Urls.Single() + "/ping"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task A_model_that_is_not_up_is_a_503()
    {
        endpoints.Refusal = Refusal.NotUp;

        using var response = await PostAsync("x");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "ServiceUnavailable"), (response.StatusCode, response.Headers.GetValues("x-amzn-ErrorType").Single()));
    }

    [Fact]
    public async Task A_model_that_breaks_off_is_a_model_error_and_the_lease_ends()
    {
        answer = http =>
        {
            http.Abort();
            return Task.CompletedTask;
        };

        using var response = await PostAsync("x");

        Assert.Equal(HttpStatusCode.FailedDependency, response.StatusCode);
        Assert.Equal(0, endpoints.Leases);
    }

    [Theory]
    [InlineData("X-Amzn-SageMaker-Custom-Attributes")]
    [InlineData("X-Amzn-SageMaker-Inference-Id")]
    [InlineData("Accept")]
    public async Task A_header_that_cannot_be_handed_on_is_the_caller_s_mistake_and_no_model_s(string header)
    {
        using var handler = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 };
        using var any = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{server.Urls.Single()}/endpoints/penguins/invocations") { Content = new StringContent("1") };
        request.Headers.TryAddWithoutValidation(header, "caf\u00e9");

        using var response = await any.SendAsync(request);

        Assert.Equal((HttpStatusCode.BadRequest, "ValidationError"), (response.StatusCode, response.Headers.GetValues("x-amzn-ErrorType").Single()));
        Assert.Empty(endpoints.Statuses);
    }

    [Fact]
    public async Task A_model_s_error_of_an_unknown_charset_is_told()
    {
        answer = async http =>
        {
            http.Response.StatusCode = 500;
            http.Response.ContentType = "text/plain; charset=utf8x";
            await http.Response.WriteAsync("no such column");
        };

        using var response = await PostAsync("x");

        Assert.Equal(HttpStatusCode.FailedDependency, response.StatusCode);
        Assert.Contains("no such column", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Refusal.TooMany, HttpStatusCode.TooManyRequests, "ThrottlingException")]
    [InlineData(Refusal.UnknownVariant, HttpStatusCode.BadRequest, "ValidationError")]
    [InlineData(Refusal.Asynchronous, HttpStatusCode.BadRequest, "ValidationError")]
    public async Task What_an_endpoint_refuses_is_told_in_SageMaker_s_errors(Refusal refusal, HttpStatusCode status, string error)
    {
        endpoints.Refusal = refusal;

        using var response = await PostAsync("x");

        Assert.Equal((status, error), (response.StatusCode, response.Headers.GetValues("x-amzn-ErrorType").Single()));
    }

    [Fact]
    public async Task Captured_requests_and_answers_are_lines_of_SageMaker_s_layout_and_the_shadow_s_are_beside_them()
    {
        using var folder = TestFolder.Temporary();
        answer = http =>
        {
            http.Response.ContentType = "application/json";
            return http.Response.WriteAsync("{\"label\":1}");
        };
        endpoints.Shadow = endpoints.Model;
        await using (var log = new CaptureLog(new CaptureSettings(folder.File("capture"), 100, true, true, ["text/csv"], ["application/json"]), _ => { }))
        {
            endpoints.Capture = log;
            using var response = await PostAsync("1,ü");
            Assert.Equal("{\"label\":1}", await response.Content.ReadAsStringAsync());
            for (var i = 0; i < 100 && endpoints.Leases > 0; i++)
                await Task.Delay(20);
        }

        foreach (var variant in new[] { "AllTraffic", "Shadow" })
        {
            var file = System.IO.Directory.GetFiles(folder.File($"capture/{variant}"), "*.jsonl", SearchOption.AllDirectories).Single();
            Assert.Matches(@"/\d{4}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{3}-[0-9a-f-]{36}\.jsonl$", file.Replace('\\', '/'));
            var line = JsonNode.Parse((await File.ReadAllLinesAsync(file)).Single())!;
            Assert.Equal(("1,ü", "CSV", "text/csv"), (line["captureData"]!["endpointInput"]!["data"]!.ToString(), line["captureData"]!["endpointInput"]!["encoding"]!.ToString(), line["captureData"]!["endpointInput"]!["observedContentType"]!.ToString()));
            Assert.Equal(("{\"label\":1}", "JSON"), (line["captureData"]!["endpointOutput"]!["data"]!.ToString(), line["captureData"]!["endpointOutput"]!["encoding"]!.ToString()));
            Assert.Equal("0", line["eventVersion"]!.ToString());
            Assert.True(Guid.TryParse(line["eventMetadata"]!["eventId"]!.ToString(), out _));
        }
    }

    [Fact]
    public async Task Where_the_disk_refuses_capture_requests_are_answered_and_the_lines_counted()
    {
        using var folder = TestFolder.Temporary();
        folder.Write("capture", "a file where the folder should be");
        answer = http => http.Response.WriteAsync("1");
        var warnings = new List<string>();
        await using var log = new CaptureLog(new CaptureSettings(folder.File("capture"), 100, true, true, [], []), warnings.Add);
        endpoints.Capture = log;

        for (var i = 0; i < 10; i++)
        {
            using var response = await PostAsync("x");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        await log.DisposeAsync();
        Assert.Equal(10, log.Left);
        Assert.Single(warnings);
    }

    [Fact]
    public async Task Sampling_keeps_about_as_many_as_asked()
    {
        using var folder = TestFolder.Temporary();
        await using var log = new CaptureLog(new CaptureSettings(folder.File("capture"), 20, true, true, [], []), _ => { });

        var kept = Enumerable.Range(0, 10_000).Count(_ => log.Samples());

        // Six standard deviations of a binomial: 40 each.
        Assert.InRange(kept, 2000 - 240, 2000 + 240);
    }

    [Fact]
    public async Task An_asynchronous_request_is_accepted_with_the_places_of_its_answer()
    {
        endpoints.Refusal = Refusal.Asynchronous;
        using var request = new HttpRequestMessage(HttpMethod.Post, Url().Replace("/invocations", "/async-invocations", StringComparison.Ordinal));
        request.Headers.Add("X-Amzn-SageMaker-InputLocation", "s3://local/in/1.csv");
        request.Headers.Add("X-Amzn-SageMaker-Content-Type", "text/csv");

        using var response = await client.SendAsync(request);

        Assert.Equal((HttpStatusCode.Accepted, "s3://local/out/1.out"), (response.StatusCode, response.Headers.GetValues("X-Amzn-SageMaker-OutputLocation").Single()));
        Assert.Equal(("s3://local/in/1.csv", "text/csv"), (endpoints.Queued.Single().InputLocation, endpoints.Queued.Single().ContentType));
        Assert.Equal(endpoints.Queued.Single().InferenceId, JsonNode.Parse(await response.Content.ReadAsStringAsync())!["InferenceId"]!.ToString());
    }

    [Theory]
    [InlineData(Refusal.NotUp, null, null, HttpStatusCode.ServiceUnavailable)]
    [InlineData(Refusal.Synchronous, null, null, HttpStatusCode.BadRequest)]
    [InlineData(Refusal.Asynchronous, "X-Amzn-SageMaker-InvocationTimeoutSeconds", "5000000", HttpStatusCode.BadRequest)]
    [InlineData(Refusal.Asynchronous, "X-Amzn-SageMaker-RequestTTLSeconds", "soon", HttpStatusCode.BadRequest)]
    public async Task An_asynchronous_request_that_cannot_be_kept_is_refused(Refusal refusal, string? header, string? value, HttpStatusCode status)
    {
        endpoints.Refusal = refusal;
        using var request = new HttpRequestMessage(HttpMethod.Post, Url().Replace("/invocations", "/async-invocations", StringComparison.Ordinal));
        request.Headers.Add("X-Amzn-SageMaker-InputLocation", "s3://local/in/1.csv");
        if (header is not null)
            request.Headers.Add(header, value);

        using var response = await client.SendAsync(request);

        Assert.Equal(status, response.StatusCode);
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        await model.DisposeAsync();
        api.Dispose();
        client.Dispose();
    }

    private static async Task<WebApplication> StartAsync(RequestDelegate handle)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k =>
        {
            k.Listen(IPAddress.Loopback, 0);
            k.Limits.MaxRequestBodySize = RuntimeApi.MostBodyBytes;
        });
        var app = builder.Build();
        app.Run(handle);
        await app.StartAsync();
        return app;
    }

    private string Url() => server.Urls.Single() + "/endpoints/penguins/invocations";

    private async Task<HttpResponseMessage> PostAsync(string body, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Url()) { Content = new StringContent(body, Encoding.UTF8) };
        request.Content.Headers.ContentType = new("text/csv");
        if (accept is not null)
            request.Headers.Accept.ParseAdd(accept);
        return await client.SendAsync(request);
    }

    private sealed class Directory : IEndpoints
    {
        private int leases;

        public Uri Model { get; set; } = null!;

        public int Leases => leases;

        public Refusal Refusal { get; set; }

        public CaptureLog? Capture { get; set; }

        public Uri? Shadow { get; set; }

        public List<int> Statuses { get; } = [];

        public List<QueuedInvocation> Queued { get; } = [];

        public bool AreReady => Refusal != Refusal.NotUp;

        public bool Knows(string endpoint) => endpoint == "penguins";

        public ValueTask<Admission> AdmitAsync(string endpoint, string? variant, CancellationToken cancellation)
        {
            if (Refusal != Refusal.None)
                return ValueTask.FromResult(Admission.Refused(Refusal));
            return ValueTask.FromResult(new Admission(new Held(this, Model, variant ?? "AllTraffic", Shadow is { } shadow ? new Held(this, shadow, "Shadow", null) : null), Refusal.None));
        }

        public Acceptance Enqueue(string endpoint, QueuedInvocation invocation)
        {
            Queued.Add(invocation);
            return Refusal == Refusal.Asynchronous ? new Acceptance(new QueuedAnswer("s3://local/out/1.out", "s3://local/out/1-error.out"), Refusal.None) : Acceptance.Refused(Refusal);
        }

        private sealed class Held : IInvocationLease
        {
            private readonly Directory directory;

            public Held(Directory directory, Uri address, string variant, Held? shadow)
            {
                this.directory = directory;
                (Addresses, Variant, Shadow) = ([address], variant, shadow);
                Interlocked.Increment(ref directory.leases);
            }

            public IReadOnlyList<Uri> Addresses { get; }

            public string Variant { get; }

            public CaptureLog? Capture => directory.Capture;

            public IInvocationLease? Shadow { get; }

            public void Answered(int status, TimeSpan latency) => directory.Statuses.Add(status);

            public void Dispose() => Interlocked.Decrement(ref directory.leases);
        }
    }
}
