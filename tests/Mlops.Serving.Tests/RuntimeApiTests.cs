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
    public async Task A_model_that_is_not_up_is_a_503()
    {
        endpoints.Up = false;

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

        public bool Up { get; set; } = true;

        public int Leases => leases;

        public bool Knows(string endpoint) => endpoint == "penguins";

        public IInvocationLease? Lease(string endpoint)
        {
            if (!Up)
                return null;
            Interlocked.Increment(ref leases);
            return new Held(Model, () => Interlocked.Decrement(ref leases));
        }

        private sealed class Held(Uri address, Action release) : IInvocationLease
        {
            public Uri Address => address;

            public string Variant => "AllTraffic";

            public void Dispose() => release();
        }
    }
}
