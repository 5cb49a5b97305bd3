using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mlops.Serving.Runtime;

/// <summary>SageMaker Runtime's errors: the code in x-amzn-ErrorType, the members of its shape as JSON (botocore sagemaker-runtime 2017-05-13).</summary>
internal static class RuntimeError
{
    public static Task ValidationAsync(HttpContext http, int status, string message) => WriteAsync(http, status, "ValidationError", json => json.WriteString("Message", message));

    public static Task UnavailableAsync(HttpContext http, string message) => WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "ServiceUnavailable", json => json.WriteString("Message", message));

    public static Task ThrottledAsync(HttpContext http, string message) => WriteAsync(http, StatusCodes.Status429TooManyRequests, "ThrottlingException", json => json.WriteString("Message", message));

    /// <summary>
    /// The model's own error. SageMaker answers all of them with 424; here what the caller did wrong keeps its status (400, 415, ...),
    /// so that curl shows it, and the shape tells SDKs the same either way.
    /// </summary>
    public static Task ModelAsync(HttpContext http, int original, string message)
    {
        var byCaller = original is >= 400 and < 500;
        var who = byCaller ? "client" : "server";
        return WriteAsync(http, byCaller ? original : StatusCodes.Status424FailedDependency, "ModelError", json =>
        {
            json.WriteString("Message", string.Create(CultureInfo.InvariantCulture, $"Received {who} error ({original}) from primary with message \"{message}\"."));
            json.WriteNumber("OriginalStatusCode", original);
            json.WriteString("OriginalMessage", message);
            json.WriteString("LogStreamArn", "");
        });
    }

    private static async Task WriteAsync(HttpContext http, int status, string code, Action<Utf8JsonWriter> members)
    {
        http.Response.ContentLength = null;
        http.Response.StatusCode = status;
        http.Response.Headers["x-amzn-ErrorType"] = code;
        http.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
    }
}
