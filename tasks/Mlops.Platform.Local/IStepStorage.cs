namespace Mlops.Platform.Local;

/// <summary>S3 for step programs that talk to it themselves, while a run lasts.</summary>
public interface IStepStorage : IAsyncDisposable
{
    /// <summary>What the programs find it by: AWS's own variables.</summary>
    IReadOnlyDictionary<string, string> Environment { get; }
}
