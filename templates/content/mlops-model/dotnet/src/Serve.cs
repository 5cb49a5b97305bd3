using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.ML;
using Microsoft.Net.Http.Headers;

namespace ModelSteps;

/// <summary>Answers GET /ping and POST /invocations, as SageMaker asks of a container that serves a model.</summary>
public static class Serve
{
    private const string CsvType = "text/csv";

    public static void Run()
    {
        // The port opens only after the model is loaded, so /ping needs no logic: if it answers, all is well.
        var predict = LoadModel(Path.Combine(Container.ModelFolder, "model.zip"));

        // The empty builder reads no appsettings.json and no ASPNETCORE_ variables: only SageMaker's settings count.
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(Endpoint()));

        var app = builder.Build();
        app.MapGet("/ping", _ => Task.CompletedTask);
        app.MapPost("/invocations", http => Invoke(http, predict));
        app.Run(); // until SIGTERM; requests under way are finished first
    }

    private static async Task Invoke(HttpContext http, Func<Penguin, Prediction> predict)
    {
        if (!IsCsv(http.Request.ContentType))
        {
            await Answer(http, StatusCodes.Status415UnsupportedMediaType, $"the content type must be {CsvType}");
            return;
        }
        if (!AcceptsCsv(http.Request))
        {
            await Answer(http, StatusCodes.Status406NotAcceptable, $"the answer is {CsvType}, which the Accept header excludes");
            return;
        }

        try
        {
            // Read everything first: ASP.NET does not want a request to be read synchronously.
            using var body = new StreamReader(http.Request.Body);
            var penguins = Penguin.ReadFeatures(new StringReader(await body.ReadToEndAsync(http.RequestAborted)));
            if (penguins.Count == 0)
                throw new InvalidDataException("line 1: expected at least one row, the body is empty");

            var lines = penguins.Select(penguin => predict(penguin).ToLine());
            await Answer(http, StatusCodes.Status200OK, string.Join('\n', lines), CsvType);
        }
        catch (InvalidDataException e)
        {
            await Answer(http, StatusCodes.Status400BadRequest, e.Message);
        }
        catch (BadHttpRequestException e) // such as a body that is too large
        {
            await Answer(http, e.StatusCode, e.Message);
        }
    }

    private static Task Answer(HttpContext http, int status, string text, string type = "text/plain")
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        return http.Response.WriteAsync(text + "\n");
    }

    /// <summary>
    /// Loads the model as a function that many requests may call at once. ML.NET's prediction engine serves
    /// one caller at a time and is costly to create, so the engines are kept: as many as were ever busy together.
    /// </summary>
    private static Func<Penguin, Prediction> LoadModel(string file)
    {
        var ml = new MLContext();
        var model = ml.Model.Load(file, out _);
        var idle = new ConcurrentBag<PredictionEngine<Penguin, Prediction>>();

        Prediction Predict(Penguin penguin)
        {
            if (!idle.TryTake(out var engine))
                engine = ml.Model.CreatePredictionEngine<Penguin, Prediction>(model);
            var prediction = engine.Predict(penguin);
            idle.Add(engine);
            return prediction;
        }

        // The first prediction is slow; no user shall wait for it. It also shows at once whether the model fits the code.
        Predict(new Penguin("", "", float.NaN, float.NaN, float.NaN, float.NaN, Penguin.UnknownSex));
        return Predict;
    }

    /// <summary>SageMaker may choose the port. The address is for local runs, which need not be seen by the network.</summary>
    private static IPEndPoint Endpoint()
    {
        var address = Environment.GetEnvironmentVariable("SAGEMAKER_BIND_TO_ADDRESS") ?? "0.0.0.0";
        var port = Environment.GetEnvironmentVariable("SAGEMAKER_BIND_TO_PORT") ?? "8080";
        return IPAddress.TryParse(address, out var ip) && ushort.TryParse(port, CultureInfo.InvariantCulture, out var number)
            ? new IPEndPoint(ip, number)
            : throw new InvalidDataException($"cannot listen on '{address}', port '{port}': expected an IP address and a number");
    }

    private static bool IsCsv(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && type.MediaType.Equals(CsvType, StringComparison.OrdinalIgnoreCase);

    private static bool AcceptsCsv(HttpRequest request)
    {
        if (request.GetTypedHeaders().Accept is not { Count: > 0 } ranges)
            return true; // no header, no wish

        // Of the ranges that include text/csv (text/csv, text/*, */*) the most exact decides. Quality 0 means "never".
        var decisive = ranges
            .Where(range => range.MatchesMediaType(CsvType))
            .MinBy(range => range.MatchesAllTypes ? 2 : range.MatchesAllSubTypes ? 1 : 0);
        return decisive is { Quality: not 0 };
    }
}
