namespace Mlops.Configuration.Facts;

/// <summary>What SageMaker's jobs take at most (StoppingCondition of its API).</summary>
public static class JobLimits
{
    /// <summary>ProcessingStoppingCondition.MaxRuntimeInSeconds: 9 days.</summary>
    public const int ProcessingSeconds = 777_600;
}
