using Mlops.Platform.Events;

namespace Mlops.Platform;

/// <summary>A coded failure that a user can act on. Thrown where the work cannot go on; shown as its <see cref="Problem"/>, never as a stack trace.</summary>
public sealed class PlatformException(Problem problem) : Exception(problem.Message)
{
    public Problem Problem { get; } = problem;
}
