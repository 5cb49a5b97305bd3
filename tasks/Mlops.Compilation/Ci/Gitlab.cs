using System.Text;

namespace Mlops.Compilation.Ci;

/// <summary>A pipeline of GitLab: its id token stands in for a key (AssumeRoleWithWebIdentity, which AWS's SDKs do by themselves).</summary>
internal static class Gitlab
{
    public static string Write(CiJob job)
    {
        var text = new StringBuilder($$"""
            default:
              image: mcr.microsoft.com/dotnet/sdk:{{CiJob.Dotnet}}
            stages: [build, deploy]
            build:
              stage: build
              script:

            """);
        if (job.NeedsPython && job.RunsLocally)
        {
            text.Append("    - apt-get update && apt-get install -y --no-install-recommends python3 python-is-python3 python3-pip\n");
            foreach (var command in job.InstallPackages)
                text.Append($"    - {command} --break-system-packages\n");
        }

        if (job.NeedsR && job.RunsLocally)
            text.Append($"    - {CiJob.InstallR}\n");
        text.Append($"    - {CiJob.Build}\n");
        if (job.RunsLocally)
            text.Append($"    - {CiJob.Test}\n");
        text.Append($$"""
            deploy:
              stage: deploy
              rules:
                - if: $CI_COMMIT_BRANCH == "{{job.Branch}}"
              resource_group: deploy # One at a time.
              id_tokens:
                AWS_ID_TOKEN:
                  aud: sts.amazonaws.com
              variables:
                AWS_ROLE_ARN: {{job.Role}}
                AWS_ROLE_SESSION_NAME: mlops-$CI_JOB_ID
                AWS_WEB_IDENTITY_TOKEN_FILE: /tmp/aws-id-token

            """);
        if (job.Region is { } region)
            text.Append($"    AWS_REGION: {region}\n");
        text.Append($"""
              script:
                - (umask 077 && printf '%s' "$AWS_ID_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE")
                - {CiJob.Deploy}

            """);
        return text.ToString().ReplaceLineEndings("\n");
    }
}
