using System.Globalization;
using Amazon.Runtime;
using Amazon.SageMaker.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Storage;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Pipelines;

/// <summary>What the gates of an execution looked at: the values of the report, and the limits that its parameters gave.</summary>
internal sealed class GateReports(AwsClients clients, S3ObjectStore objects, IEventSink events)
{
    public async Task<IReadOnlyDictionary<string, double>> ReadAsync(DeploymentDefinition deployment, PipelineDefinition definition, IReadOnlyDictionary<string, string> given, IReadOnlyList<PipelineExecutionStep> steps, CancellationToken cancellation)
    {
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        if (deployment.Gates.Count == 0)
            return values;
        foreach (var step in definition.AllSteps.Where(s => s.PropertyFiles.Count > 0))
        {
            if (steps.FirstOrDefault(s => s.StepName == step.Name)?.Metadata?.ProcessingJob?.Arn is { } arn)
                await ReadAsync(deployment, step, ResourceNames.LastPart(arn), values, cancellation);
        }

        foreach (var baseline in deployment.Gates.SelectMany(g => g.Baselines))
        {
            var limit = given.TryGetValue(baseline.Parameter, out var text) ? double.Parse(text, CultureInfo.InvariantCulture)
                : Json.Number(definition.Parameters.FirstOrDefault(p => p.Name == baseline.Parameter)?.Default);
            if (limit is { } number)
                values[baseline.Parameter] = number;
        }

        return values;
    }

    /// <summary>What an evaluation measured. Whoever follows a run may start it, and still not read what its jobs wrote: then no values are known.</summary>
    private async Task ReadAsync(DeploymentDefinition deployment, PipelineStep step, string jobName, Dictionary<string, double> values, CancellationToken cancellation)
    {
        try
        {
            var job = await clients.SageMaker.DescribeProcessingJobAsync(new DescribeProcessingJobRequest { ProcessingJobName = jobName }, cancellation);
            foreach (var file in step.PropertyFiles)
            {
                var output = job.ProcessingOutputConfig?.Outputs?.FirstOrDefault(o => o.OutputName == file.Output)?.S3Output?.S3Uri;
                if (output is null || await objects.ReadAsync($"{output.TrimEnd('/')}/{file.FilePath}", cancellation) is not { } content)
                    continue;
                var numbers = Numbers(content);
                foreach (var path in deployment.Gates.Select(g => g.Path).Where(numbers.ContainsKey))
                    values[path] = numbers[path];
            }
        }
        catch (AmazonServiceException e) when (Failures.IsDenied(e))
        {
            var problem = Failures.Explain(e, (await clients.IdentityAsync(cancellation)).Arn)!;
            events.Add((problem with { Message = $"What the evaluation measured is not known here. {problem.Message}" }).AsWarning());
        }
    }

    /// <summary>The numbers of a report by their paths; none where it is no report.</summary>
    private static IReadOnlyDictionary<string, double> Numbers(byte[] report)
    {
        try
        {
            return EvaluationReport.Numbers(Json.ReadObject(report, "The report"));
        }
        catch (DefinitionException)
        {
            return new Dictionary<string, double>();
        }
    }
}
