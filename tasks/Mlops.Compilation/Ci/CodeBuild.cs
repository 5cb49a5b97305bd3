using System.Text;

namespace Mlops.Compilation.Ci;

/// <summary>A buildspec of CodeBuild, as CodePipeline runs it: the build project's own role is what it works with.</summary>
internal static class CodeBuild
{
    public static string Write(CiJob job)
    {
        var text = new StringBuilder($"""
            version: 0.2
            env:
              variables:
                DOTNET_ROOT: /usr/local/dotnet
                DOTNET_CLI_TELEMETRY_OPTOUT: "1"
            phases:
              install:
                commands:
                  - curl -sSLf https://dot.net/v1/dotnet-install.sh -o /tmp/dotnet-install.sh
                  - bash /tmp/dotnet-install.sh --channel {CiJob.Dotnet} --install-dir "$DOTNET_ROOT"

            """);
        if (job.NeedsPython && job.RunsLocally)
        {
            foreach (var command in job.InstallPackages)
                text.Append($"      - {command}\n");
        }

        if (job.NeedsR && job.RunsLocally)
            text.Append($"      - {CiJob.InstallR}\n");
        text.Append($"""
              build:
                commands:
                  - export PATH="$DOTNET_ROOT:$PATH"
                  - {CiJob.Build}

            """);
        if (job.RunsLocally)
            text.Append($"      - {CiJob.Test}\n      - {CiJob.CleanUp}\n");
        text.Append($"      - {CiJob.Deploy}\n");
        return text.ToString().ReplaceLineEndings("\n");
    }
}
