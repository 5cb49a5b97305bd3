using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Mlops.Tests;

/// <summary>
/// moto, with what it lacks, and with botocore as a judge of every request: its shape, patterns, limits and signature. One for all tests, which
/// therefore run one after the other.
/// </summary>
public sealed class StandIn : IAsyncLifetime
{
    /// <summary>Of the credentials, to be searched for where it must not be.</summary>
    public const string Secret = "a+planted/secret+key";

    private readonly HttpClient http = new();
    private Process? process;

    /// <summary>Null: moto is not here.</summary>
    public string? Url { get; private set; }

    public async Task InitializeAsync()
    {
        if (!Conformance.HasPython("moto, botocore"))
            return;
        var script = Path.Combine(TestFolder.Repository, "tests", "Mlops.Platform.Aws.Tests", "stand_in", "aws.py");
        process = Process.Start(new ProcessStartInfo("python3", [script, "--end-with-input"]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        const string Ready = "listening on ";
        Url = (await process.StandardOutput.ReadLineAsync())?.Replace(Ready, "", StringComparison.Ordinal) ?? throw new InvalidOperationException("The stand-in for AWS did not start.");
    }

    public Task DisposeAsync()
    {
        http.Dispose();
        process?.StandardInput.Close();
        process?.WaitForExit();
        process?.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>An account in which nothing is, and the credentials for it.</summary>
    public async Task ResetAsync()
    {
        Skip.If(Url is null, "moto is not here: it stands in for AWS.");
        // Whatever the caller's own environment says of AWS, on CI machines most of all.
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(n => n.StartsWith("AWS_", StringComparison.OrdinalIgnoreCase)).ToList())
            Environment.SetEnvironmentVariable(name, null);
        foreach (var (name, value) in new[] { ("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", Secret), ("AWS_REGION", "us-east-1"), ("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_ENDPOINT_URL", Url) })
            Environment.SetEnvironmentVariable(name, value);
        (await http.PostAsync($"{Url}/__aws/reset", null)).EnsureSuccessStatusCode();
    }

    /// <summary>How it shall behave; what is not named stays as it is.</summary>
    public async Task SetAsync(JsonObject scenario) => (await http.PatchAsJsonAsync($"{Url}/__aws/scenario", scenario)).EnsureSuccessStatusCode();

    /// <summary>What was asked of it since the last time.</summary>
    public async Task<IReadOnlyList<JsonObject>> RequestsAsync()
    {
        var answer = await http.PostAsync($"{Url}/__aws/requests/take", null);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<List<JsonObject>>())!;
    }

    /// <summary>Requests that AWS would refuse for their form.</summary>
    public async Task<IReadOnlyList<JsonObject>> InvalidAsync() => (await http.GetFromJsonAsync<List<JsonObject>>($"{Url}/__aws/invalid"))!;

    /// <summary>What boto3, which is not ours, says of the account.</summary>
    /// <param name="expression">Python, over the function client(service).</param>
    public JsonNode? Boto(string expression, string? account = null)
    {
        var assume = account is null ? "" : $"c = boto3.client('sts').assume_role(RoleArn='arn:aws:iam::{account}:role/look', RoleSessionName='look')['Credentials']; session = boto3.Session(c['AccessKeyId'], c['SecretAccessKey'], c['SessionToken']); ";
        var (exitCode, output) = Conformance.RunPython("-c", $"import boto3, json; session = boto3; {assume}client = lambda s, **k: session.client(s, **k); print(json.dumps({expression}, default=str))");
        Assert.True(exitCode == 0, output);
        return JsonNode.Parse(output);
    }
}
