using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>The bucket: encrypted, versioned, over TLS alone, public to nobody, kept when the stack goes.</summary>
internal static class Storage
{
    public const string Bucket = StackContract.BucketOutput;

    /// <summary>The parameter where the bucket is one that is there.</summary>
    public const string BucketParameter = StackContract.BucketParameter;

    /// <summary>How ${...} names the bucket.</summary>
    public static string Name(ModelPlan plan) => plan.Aws.Bucket is null ? Bucket : BucketParameter;

    public static void Add(StackTemplate template, ModelPlan plan)
    {
        if (plan.Aws.Bucket is { } given)
        {
            template.Parameter(BucketParameter, "The bucket of artifacts, runs and data, which is there.", given);
            return;
        }

        var encryption = plan.Aws.KmsKey is null
            ? new JsonObject { ["SSEAlgorithm"] = "AES256" }
            : new JsonObject { ["SSEAlgorithm"] = "aws:kms", ["KMSMasterKeyID"] = Cfn.Ref(Permissions.KeyParameter) };
        var rule = new JsonObject { ["ServerSideEncryptionByDefault"] = encryption };
        if (plan.Aws.KmsKey is not null)
            rule["BucketKeyEnabled"] = true;
        var bucket = template.Add(Bucket, "AWS::S3::Bucket", new JsonObject
        {
            ["BucketName"] = Cfn.Sub(ResourceNames.Bucket(plan.ModelName, "${AWS::AccountId}", "${AWS::Region}")),
            ["BucketEncryption"] = new JsonObject { ["ServerSideEncryptionConfiguration"] = new JsonArray(rule) },
            ["VersioningConfiguration"] = new JsonObject { ["Status"] = "Enabled" },
            ["PublicAccessBlockConfiguration"] = new JsonObject { ["BlockPublicAcls"] = true, ["BlockPublicPolicy"] = true, ["IgnorePublicAcls"] = true, ["RestrictPublicBuckets"] = true },
            ["OwnershipControls"] = new JsonObject { ["Rules"] = new JsonArray(new JsonObject { ["ObjectOwnership"] = "BucketOwnerEnforced" }) },
            ["NotificationConfiguration"] = new JsonObject { ["EventBridgeConfiguration"] = new JsonObject { ["EventBridgeEnabled"] = true } },
            ["LifecycleConfiguration"] = new JsonObject { ["Rules"] = new JsonArray([.. Lifecycle(plan)]) },
        });
        bucket["DeletionPolicy"] = "RetainExceptOnCreate";
        bucket["UpdateReplacePolicy"] = "Retain";
        template.Add("BucketPolicy", "AWS::S3::BucketPolicy", new JsonObject { ["Bucket"] = Cfn.Ref(Bucket), ["PolicyDocument"] = Policy(plan) });
        template.Output(Bucket, "The bucket of artifacts, runs and data.", Cfn.Ref(Bucket));
    }

    private static IEnumerable<JsonObject> Lifecycle(ModelPlan plan)
    {
        yield return new JsonObject { ["Id"] = "uploads", ["Status"] = "Enabled", ["AbortIncompleteMultipartUpload"] = new JsonObject { ["DaysAfterInitiation"] = 7 } };
        if (plan.Aws.RunDays is { } runs)
            yield return Expire("runs", $"{plan.Prefix}/runs/", runs);
        if (plan.Aws.CaptureDays is { } capture)
            yield return Expire("capture", $"{plan.Prefix}/capture/", capture);
    }

    private static JsonObject Expire(string id, string prefix, int days) => new()
    {
        ["Id"] = id,
        ["Status"] = "Enabled",
        ["Prefix"] = prefix,
        ["ExpirationInDays"] = days,
        ["NoncurrentVersionExpiration"] = new JsonObject { ["NoncurrentDays"] = days },
    };

    private static JsonObject Policy(ModelPlan plan)
    {
        var policy = Roles.Document([new JsonObject
        {
            ["Sid"] = "TlsOnly",
            ["Effect"] = "Deny",
            ["Principal"] = "*",
            ["Action"] = "s3:*",
            ["Resource"] = new JsonArray(Cfn.GetAtt(Bucket, "Arn"), Cfn.Sub($"${{{Bucket}.Arn}}/*")),
            ["Condition"] = new JsonObject { ["Bool"] = new JsonObject { ["aws:SecureTransport"] = "false" } },
        }]);
        if (Sharing.Accounts(plan).Count > 0)
            Share("OtherAccountsReadModels", Sharing.Parameter, Sharing.Condition, ["models/*", "archive/*", "data/model-artifact/*"]);
        // Their stacks read templates, and monitors data sets and settings as well.
        if (Sharing.StageAccounts(plan).Count > 0)
        {
            Share("StagesRead", Sharing.StageParameter, Sharing.StageCondition, plan.Operations.Monitors.Any() ? [.. DeployStack.Served, "data/*", "templates/*"] : [.. DeployStack.Served, "templates/*"]);
            // A job that reads a prefix lists it.
            policy["Statement"]!.AsArray().Add(Cfn.If(Sharing.StageCondition, new JsonObject
            {
                ["Sid"] = "StagesList",
                ["Effect"] = "Allow",
                ["Principal"] = new JsonObject { ["AWS"] = Cfn.Ref(Sharing.StageParameter) },
                ["Action"] = "s3:ListBucket",
                ["Resource"] = Cfn.GetAtt(Bucket, "Arn"),
                ["Condition"] = new JsonObject { ["StringLike"] = new JsonObject { ["s3:prefix"] = $"{plan.Prefix}/*" } },
            }, Cfn.NoValue));
        }

        return policy;

        void Share(string sid, string accounts, string condition, string[] below) => policy["Statement"]!.AsArray().Add(Cfn.If(condition, new JsonObject
        {
            ["Sid"] = sid,
            ["Effect"] = "Allow",
            ["Principal"] = new JsonObject { ["AWS"] = Cfn.Ref(accounts) },
            ["Action"] = "s3:GetObject",
            ["Resource"] = new JsonArray([.. below.Select(b => Cfn.Sub($"${{{Bucket}.Arn}}/{plan.Prefix}/{b}"))]),
        }, Cfn.NoValue));
    }
}
