using System.Globalization;
using System.Text.Json.Nodes;
using Amazon.SageMaker.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Storage;

namespace Mlops.Platform.Aws.Pipelines;

/// <summary>What the gates of an execution looked at: the values of the report, and the limits that its parameters gave.</summary>
internal sealed class GateReports(AwsClients clients, S3ObjectStore objects)
{
    public async Task<IReadOnlyDictionary<string, double>> ReadAsync(DeploymentDefinition deployment, PipelineDefinition definition, IReadOnlyDictionary<string, string> given, IReadOnlyList<PipelineExecutionStep> steps, CancellationToken cancellation)
    {
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        if (deployment.Gates.Count == 0)
            return values;
        foreach (var step in definition.AllSteps.Where(s => s.PropertyFiles.Count > 0))
        {
            if (steps.FirstOrDefault(s => s.StepName == step.Name)?.Metadata?.ProcessingJob?.Arn is not { } arn)
                continue;
            var job = await clients.SageMaker.DescribeProcessingJobAsync(new DescribeProcessingJobRequest { ProcessingJobName = arn[(arn.LastIndexOf('/') + 1)..] }, cancellation);
            foreach (var file in step.PropertyFiles)
            {
                var output = job.ProcessingOutputConfig?.Outputs?.FirstOrDefault(o => o.OutputName == file.Output)?.S3Output?.S3Uri;
                if (output is null || await objects.ReadAsync($"{output.TrimEnd('/')}/{file.FilePath}", cancellation) is not { } content)
                    continue;
                foreach (var gate in deployment.Gates)
                {
                    if (Number(content, gate.Path) is { } value)
                        values[gate.Path] = value;
                }
            }
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

    /// <summary>A number of a report by its path; null: it is none, or not there.</summary>
    public static double? Number(byte[] report, string path)
    {
        try
        {
            JsonNode? node = Json.ReadObject(report, "The report");
            foreach (var name in path.Split('.'))
                node = (node as JsonObject)?[name];
            return Json.Number(node);
        }
        catch (DefinitionException)
        {
            return null;
        }
    }
}
