using System.Text;

namespace Mlops.Compilation.Ci;

/// <summary>A workflow of GitHub Actions: pull requests are built and tested, the branch is deployed by the role that its token opens.</summary>
internal static class GithubActions
{
    public static string Write(CiJob job)
    {
        var text = new StringBuilder($$$"""
            name: {{{job.Name}}}
            on:
              pull_request:
              push:
                branches: [{{{job.Branch}}}]
              workflow_dispatch:
            permissions:
              contents: read
            concurrency:
              group: ${{ github.workflow }}-${{ github.ref }}
              # A deployment is never cut off; what a newer push makes superfluous is.
              cancel-in-progress: ${{ github.event_name == 'pull_request' }}
            jobs:
              build:
                runs-on: ubuntu-latest
                timeout-minutes: 60
                steps:
                  - uses: actions/checkout@v4
                  - uses: actions/setup-dotnet@v4
                    with:
                      dotnet-version: {{{CiJob.Dotnet}}}.x

            """);
        if (job.NeedsPython && job.RunsLocally)
        {
            text.Append($"""
                      - uses: actions/setup-python@v5
                        with:
                          python-version: "{CiJob.Python}"
                      - name: Packages
                        run: |

                """);
            foreach (var command in job.InstallPackages)
                text.Append($"          {command}\n");
        }

        if (job.NeedsR && job.RunsLocally)
            text.Append($"      - name: R\n        run: {CiJob.InstallRAsUser}\n");
        text.Append($"""
                  - name: Build
                    run: {CiJob.Build}

            """);
        if (job.RunsLocally)
        {
            text.Append($"""
                      - name: Train, gate and serve on this machine
                        run: {CiJob.Test}
                      - name: Clean up
                        if: always()
                        run: {CiJob.CleanUp}

                """);
        }

        text.Append($$$"""
              deploy:
                needs: build
                if: github.event_name != 'pull_request' && github.ref == 'refs/heads/{{{job.Branch}}}'
                runs-on: ubuntu-latest
                timeout-minutes: 360
                permissions:
                  contents: read
                  id-token: write
                steps:
                  - uses: actions/checkout@v4
                  - uses: actions/setup-dotnet@v4
                    with:
                      dotnet-version: {{{CiJob.Dotnet}}}.x
                  - uses: aws-actions/configure-aws-credentials@v4
                    with:
                      role-to-assume: {{{job.Role}}}
                      aws-region: {{{job.Region ?? "${{ vars.AWS_REGION }}"}}}
                      role-session-name: mlops-${{ github.run_id }}
                  - name: Deploy
                    run: {{{CiJob.Deploy}}}

            """);
        return text.ToString().ReplaceLineEndings("\n");
    }
}
