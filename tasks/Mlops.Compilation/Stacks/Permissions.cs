using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Values;

namespace Mlops.Compilation.Stacks;

/// <summary>Permissions that several roles have, for one element of the plan each.</summary>
/// <param name="bucket">What ${...} names the bucket: a parameter, or the bucket itself.</param>
internal sealed class Permissions(ModelPlan plan, PlannedAws aws, string bucket)
{
    public const string KeyParameter = "KmsKeyArn";

    /// <summary>Every region and account.</summary>
    public const string Anywhere = "*:*";

    private string BucketArn => $"arn:${{AWS::Partition}}:s3:::${{{bucket}}}";

    /// <summary>Reads and writes below the prefix of the model.</summary>
    public IEnumerable<Permission> OwnObjects(string element, string below = "", bool write = true)
    {
        yield return new(element, ["s3:ListBucket"], [BucketArn]) { Condition = StringLike("s3:prefix", $"{plan.Prefix}/*") };
        string[] actions = write ? ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"] : ["s3:GetObject"];
        yield return new(element, actions, [$"{BucketArn}/{plan.Prefix}/{below}*"]);
    }

    /// <summary>One object, or what a pattern names, of this model's.</summary>
    public Permission OwnObject(string element, string below, string[] actions) => new(element, actions, [$"{BucketArn}/{plan.Prefix}/{below}"]);

    /// <summary>Whether an object of this model's is there.</summary>
    public Permission List(string element, string key) => new(element, ["s3:ListBucket"], [BucketArn]) { Condition = StringLike("s3:prefix", $"{plan.Prefix}/{key}") };

    /// <summary>Reads a place in S3 that the configuration names.</summary>
    public static IEnumerable<Permission> Read(string element, string uri)
    {
        var (bucket, key) = Place(uri);
        yield return new(element, ["s3:GetObject"], [$"arn:${{AWS::Partition}}:s3:::{bucket}/{key}*"]);
        yield return new(element, ["s3:ListBucket"], [$"arn:${{AWS::Partition}}:s3:::{bucket}"]) { Condition = StringLike("s3:prefix", $"{key}*") };
    }

    public static Permission Write(string element, string uri)
    {
        var (bucket, key) = Place(uri);
        return new(element, ["s3:PutObject", "s3:AbortMultipartUpload"], [$"arn:${{AWS::Partition}}:s3:::{bucket}/{key}*"]);
    }

    /// <summary>Reads and writes what the key encrypts, volumes of instances included.</summary>
    public IEnumerable<Permission> Key(string element)
    {
        if (aws.KmsKey is not { } key)
            yield break;
        var isOwn = Arn.Parse(key) is { } arn && (aws.Account ?? arn.Account) == arn.Account && (aws.Region ?? arn.Region) == arn.Region;
        var (keys, condition) = Keys(key, $"${{{KeyParameter}}}", isOwn ? "${AWS::Region}:${AWS::AccountId}" : Anywhere);
        yield return new(element, ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"], keys) { Condition = condition };
        var grant = condition?.DeepClone().AsObject() ?? [];
        grant["Bool"] = new JsonObject { ["kms:GrantIsForAWSResource"] = "true" };
        yield return new(element, ["kms:CreateGrant"], keys) { Condition = grant };
    }

    /// <summary>Reads what another place's key encrypts.</summary>
    public static Permission ReadKey(string element, string key, string parameter)
    {
        var (keys, condition) = Keys(key, parameter, Anywhere);
        return new(element, ["kms:Decrypt", "kms:DescribeKey"], keys) { Condition = condition };
    }

    /// <summary>A policy names keys, not aliases: a key that is known by its alias is every key that has it.</summary>
    /// <param name="place">REGION:ACCOUNT of the alias; a template knows its own alone.</param>
    private static (string[] Keys, JsonObject? Condition) Keys(string key, string parameter, string place) =>
        Arn.Parse(key) is { } arn && arn.Resource.StartsWith("alias/", StringComparison.Ordinal)
            ? ([$"arn:${{AWS::Partition}}:kms:{place}:key/*"], new JsonObject { ["ForAnyValue:StringEquals"] = new JsonObject { ["kms:ResourceAliases"] = arn.Resource } })
            : ([parameter], null);

    /// <summary>
    /// Network interfaces in the VPC ("Give SageMaker access to resources in your VPC"). What is made and deleted are network interfaces, in subnets and with security groups that
    /// another account may share; EC2 knows no resource for what only looks ("Actions, resources, and condition keys for Amazon EC2").
    /// </summary>
    public IEnumerable<Permission> Network(string element)
    {
        if (aws.Network is null)
            yield break;
        string[] interfaces = ["arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:network-interface/*"];
        yield return new(element, ["ec2:CreateNetworkInterface"], [.. interfaces, "arn:${AWS::Partition}:ec2:${AWS::Region}:*:security-group/*", "arn:${AWS::Partition}:ec2:${AWS::Region}:*:subnet/*"]);
        yield return new(element, ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"], interfaces);
        yield return new(element, ["ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"], ["*"]);
    }

    /// <summary>Images of the user's own, those that publish makes, and those of SageMaker, which lie in accounts of its own.</summary>
    /// <param name="home">REGION:ACCOUNT of the repositories that publish makes; <see cref="Anywhere"/>: the role's place need not be theirs.</param>
    public IEnumerable<Permission> Images(IEnumerable<(string Element, PlannedImage Image)> images, string home)
    {
        var any = false;
        foreach (var (element, image) in images.DistinctBy(i => i.Image))
        {
            var arn = image switch
            {
                // Elsewhere runs what is replicated there.
                { Own: { } uri } => RepositoryArn(uri, home == Anywhere ? "${AWS::Region}" : null),
                { Published: { } published } => $"arn:${{AWS::Partition}}:ecr:${{AWS::Region}}:*:repository/{published.Repository}",
                { Framework: "analyzer" } => $"arn:${{AWS::Partition}}:ecr:{home}:repository/{MonitorStack.AnalyzerRepository}",
                _ => $"arn:${{AWS::Partition}}:ecr:{home}:repository/{ProgramRepository.NameOf(plan)}",
            };
            if (arn is null)
                continue;
            any = true;
            yield return new(element, ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], [arn]);
        }

        if (any)
            yield return new("images", ["ecr:GetAuthorizationToken"], ["*"]);
    }

    /// <summary>Logs and metrics of jobs and endpoints, which SageMaker writes under fixed names.</summary>
    public static IEnumerable<Permission> Logs(string element)
    {
        yield return new(element, ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            ["arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/sagemaker/*"]);
        yield return new(element, ["cloudwatch:PutMetricData"], ["*"])
        {
            Condition = StringLike("cloudwatch:namespace", "/aws/sagemaker/*", "aws/sagemaker/*", "AWS/SageMaker", MonitorStack.Namespace),
        };
    }

    public static JsonObject StringLike(string key, params string[] values) =>
        new() { ["StringLike"] = new JsonObject { [key] = values.Length == 1 ? values[0] : new JsonArray([.. values.Select(v => JsonValue.Create(v))]) } };

    /// <summary>ACCOUNT.dkr.ecr.REGION.HOST/REPOSITORY:TAG; another registry needs no permission of AWS.</summary>
    private static string? RepositoryArn(string uri, string? region)
    {
        var slash = uri.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || uri[..slash].Split('.') is not [var account, "dkr", "ecr", var named, ..])
            return null;
        var repository = uri[(slash + 1)..].Split('@')[0].Split(':')[0];
        return $"arn:${{AWS::Partition}}:ecr:{region ?? named}:{account}:repository/{repository}";
    }

    private static (string Bucket, string Key) Place(string uri) => new S3Uri(uri) is var place ? (place.Bucket, place.Key) : default;
}
