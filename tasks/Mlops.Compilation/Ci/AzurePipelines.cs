using System.Text;

namespace Mlops.Compilation.Ci;

/// <summary>
/// A pipeline of Azure DevOps. Its token opens a role by a service connection of the AWS Toolkit for Azure DevOps with OpenID Connect ("How to federate into AWS from Azure
/// DevOps using OpenID Connect"), which a person makes once; its task gives the command credentials that live as long as the step.
/// </summary>
internal static class AzurePipelines
{
    /// <summary>The service connection's name.</summary>
    private const string Connection = "mlops";

    public static string Write(CiJob job)
    {
        var text = new StringBuilder($$"""
            # '{{Connection}}' is a service connection of the AWS Toolkit for Azure DevOps, with OpenID Connect and the role
            # {{job.Role}}.
            trigger:
              branches:
                include: ["{{job.Branch}}"]
            pr:
              branches:
                include: ["*"]
            pool:
              vmImage: ubuntu-latest
            stages:
              - stage: build
                jobs:
                  - job: build
                    timeoutInMinutes: 60
                    steps:
                      - task: UseDotNet@2
                        inputs:
                          version: {{CiJob.Dotnet}}.x

            """);
        if (job.NeedsPython && job.RunsLocally)
        {
            text.Append($"""
                          - task: UsePythonVersion@0
                            inputs:
                              versionSpec: "{CiJob.Python}"
                          - script: |

                """);
            foreach (var command in job.InstallPackages)
                text.Append($"              {command}\n");
            text.Append("            displayName: Packages\n");
        }

        if (job.NeedsR && job.RunsLocally)
            text.Append($"          - script: {CiJob.InstallRAsUser}\n            displayName: R\n");
        text.Append($"""
                      - script: {CiJob.Build}
                        displayName: Build

            """);
        if (job.RunsLocally)
        {
            text.Append($"""
                          - script: {CiJob.Test}
                            displayName: Train, gate and serve on this machine
                          - script: {CiJob.CleanUp}
                            displayName: Clean up
                            condition: always()

                """);
        }

        text.Append($"""
              - stage: deploy
                condition: and(succeeded(), ne(variables['Build.Reason'], 'PullRequest'), eq(variables['Build.SourceBranch'], 'refs/heads/{job.Branch}'))
                jobs:
                  - job: deploy
                    timeoutInMinutes: 360
                    steps:
                      - task: UseDotNet@2
                        inputs:
                          version: {CiJob.Dotnet}.x
                      - task: AWSShellScript@1
                        displayName: Deploy
                        inputs:
                          awsCredentials: {Connection}
                          regionName: {job.Region ?? "$(AWS_REGION)"}
                          scriptType: inline
                          inlineScript: {CiJob.Deploy}

            """);
        return text.ToString().ReplaceLineEndings("\n");
    }
}
