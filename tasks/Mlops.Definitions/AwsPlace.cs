namespace Mlops.Definitions;

/// <summary>An account and a region, and what is used there.</summary>
public sealed record AwsPlace
{
    /// <summary>Null: the account of the credentials.</summary>
    public string? Account { get; init; }

    /// <summary>Null: the region of the environment or the profile.</summary>
    public string? Region { get; init; }

    /// <summary>Assumed to deploy; null: the credentials as they are.</summary>
    public string? DeployRole { get; init; }

    /// <summary>An ARN; null: the stack makes a role.</summary>
    public string? ExecutionRole { get; init; }

    /// <summary>A bucket that is there; null: the build stack makes one.</summary>
    public string? Bucket { get; init; }

    /// <summary>The ARN of the key that encrypts; null: S3's own encryption.</summary>
    public string? KmsKey { get; init; }
}
