namespace Mlops.Platform.Ports;

/// <summary>A data set to predict.</summary>
/// <param name="Input">A file, a folder or an S3 URI; null: the stage's <c>batch.input</c>.</param>
/// <param name="Output">A folder or an S3 URI; null: the stage's <c>batch.output</c>.</param>
/// <param name="StopsWhenCancelled">Whether what runs on the platform is ended, too, when the command is.</param>
public sealed record BatchRequest(string? Input, string? Output, bool StopsWhenCancelled);

/// <param name="Version">That predicted.</param>
/// <param name="Output">Where the predictions are: FILE.out for each FILE.</param>
/// <param name="ExecutionId">Of the stage's batch pipeline, where it is one that runs.</param>
public sealed record BatchResult(int Version, string Output, string? ExecutionId);
