using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Model;

namespace Mlops.Compilation.Pipeline;

/// <summary>The shape of CreateTransformJob, without its name.</summary>
internal static class TransformShape
{
    /// <param name="kmsKey">What encrypts the predictions and the volumes; null: nothing of one's own.</param>
    public static JsonObject Arguments(
        JsonNode model, JsonNode input, JsonNode output, string contentType, string accept, Split split, Records records, Join join, string? filter, string? outputFilter, PlannedInstance instance, JsonNode? kmsKey)
    {
        var target = new JsonObject { ["S3OutputPath"] = output, ["Accept"] = accept };
        if (split == Split.Line)
            target["AssembleWith"] = "Line";
        var resources = new JsonObject { ["InstanceType"] = instance.Type, ["InstanceCount"] = instance.Count };
        if (kmsKey is not null)
        {
            target["KmsKeyId"] = kmsKey;
            if (!instance.HasLocalStorage)
                resources["VolumeKmsKeyId"] = kmsKey.DeepClone();
        }

        var arguments = new JsonObject
        {
            ["ModelName"] = model,
            ["TransformInput"] = new JsonObject
            {
                ["DataSource"] = new JsonObject { ["S3DataSource"] = new JsonObject { ["S3DataType"] = "S3Prefix", ["S3Uri"] = input } },
                ["ContentType"] = contentType,
                ["CompressionType"] = "None",
                ["SplitType"] = split switch { Split.Line => "Line", Split.Recordio => "RecordIO", Split.Tfrecord => "TFRecord", _ => "None" },
            },
            ["TransformOutput"] = target,
            ["TransformResources"] = resources,
            ["BatchStrategy"] = records == Records.One ? "SingleRecord" : "MultiRecord",
        };
        if (filter is not null || outputFilter is not null || join != Join.None)
        {
            var processing = new JsonObject { ["JoinSource"] = join.ToString() };
            if (filter is not null)
                processing["InputFilter"] = filter;
            if (outputFilter is not null)
                processing["OutputFilter"] = outputFilter;
            arguments["DataProcessing"] = processing;
        }

        return arguments;
    }
}
