using System.Diagnostics;
using System.Net;
using System.Text;
using Amazon.SageMakerRuntime;
using Amazon.SageMakerRuntime.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Aws.Stages;

/// <summary>Asks a stage's endpoint over SageMaker Runtime. What a model answers is an answer, whatever its status; what SageMaker itself says of the endpoint is none.</summary>
internal sealed class StageInvoker(AwsAccess access, BuildSite site, Workspace workspace)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>An endpoint that scaled to zero has to start first.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    public async Task<InvokeResult> InvokeAsync(Stage stage, InvokeRequest request, CancellationToken cancellation)
    {
        var clients = await access.OpenAsync(stage.Aws, cancellation);
        var clock = Stopwatch.StartNew();
        try
        {
            return stage.Endpoint switch
            {
                null => throw AwsErrors.BatchOnly(stage.Name).ToException(),
                EndpointKind.Async => await InvokeLaterAsync(clients, stage, request, clock, cancellation),
                _ => await InvokeNowAsync(clients, stage, request, clock, cancellation),
            };
        }
        catch (ModelErrorException e)
        {
            return Answer(e.OriginalStatusCode ?? (int)e.StatusCode, e.OriginalMessage ?? e.Message, clock);
        }
        catch (ModelNotReadyException e)
        {
            return Answer((int)HttpStatusCode.ServiceUnavailable, $"The model was not ready after {Patience.TotalMinutes:F0} minutes: {e.Message}", clock);
        }
        catch (AmazonSageMakerRuntimeException e) when ((int)e.StatusCode is >= 400 and < 500 && !Failures.IsDenied(e) && !Failures.IsThrottle(e) && e.Message.Contains("not found", StringComparison.OrdinalIgnoreCase))
        {
            throw AwsErrors.EndpointMissing(stage.Name, stage.EndpointName).ToException();
        }
        catch (AmazonSageMakerRuntimeException e) when ((int)e.StatusCode is >= 400 and < 500 && !Failures.IsDenied(e) && !Failures.IsThrottle(e))
        {
            // Of the request itself, which the model has not seen: too large, of no known type.
            return Answer((int)e.StatusCode, e.Message, clock);
        }
    }

    private static InvokeResult Answer(int status, string message, Stopwatch clock) => new(status, "text/plain", Encoding.UTF8.GetBytes(message), clock.Elapsed);

    private static async Task<InvokeResult> InvokeNowAsync(AwsClients clients, Stage stage, InvokeRequest request, Stopwatch clock, CancellationToken cancellation)
    {
        var (waits, began) = (new Waits(LongestPause), Stopwatch.StartNew());
        while (true)
        {
            clock.Restart();
            using var body = new MemoryStream(request.Body.ToArray());
            try
            {
                var answer = await clients.Runtime.InvokeEndpointAsync(new InvokeEndpointRequest { EndpointName = stage.EndpointName, ContentType = request.ContentType, Accept = request.Accept, Body = body }, cancellation);
                return new InvokeResult((int)HttpStatusCode.OK, answer.ContentType ?? "", answer.Body.ToArray(), clock.Elapsed);
            }
            catch (ModelNotReadyException) when (began.Elapsed < Patience)
            {
                // "Either a serverless endpoint variant's resources are still being provisioned, or a multi-model endpoint is still downloading": asked again.
                await waits.WaitAsync(cancellation);
            }
        }
    }

    private async Task<InvokeResult> InvokeLaterAsync(AwsClients clients, Stage stage, InvokeRequest request, Stopwatch clock, CancellationToken cancellation)
    {
        var bucket = stage.Aws.Bucket ?? site.Objects.Bucket;
        var input = $"{workspace.Deployment.Prefix}/async/input/{Digest.Of(request.Body.Span)}";
        var store = bucket == site.Objects.Bucket ? site.Objects : await site.OpenStoreAsync(stage.Aws, bucket, cancellation);
        await store.AddAsync(input, request.Body.ToArray(), cancellation);
        var accepted = await clients.Runtime.InvokeEndpointAsyncAsync(new InvokeEndpointAsyncRequest { EndpointName = stage.EndpointName, ContentType = request.ContentType, Accept = request.Accept, InputLocation = S3Place.Of(bucket, input) }, cancellation);
        var waits = new Waits(LongestPause);
        while (clock.Elapsed < Patience)
        {
            if (await store.ReadAsync(accepted.OutputLocation, cancellation) is { } output)
                return new InvokeResult((int)HttpStatusCode.OK, request.Accept ?? "", output, clock.Elapsed);
            if (accepted.FailureLocation is { } failure && await store.ReadAsync(failure, cancellation) is { } reason)
                return Answer((int)HttpStatusCode.FailedDependency, Encoding.UTF8.GetString(reason), clock);
            await waits.WaitAsync(cancellation);
        }

        throw AwsErrors.AsyncFailed(stage.Name, $"there is no answer at '{accepted.OutputLocation}' after {Patience.TotalMinutes} minutes.").ToException();
    }
}
