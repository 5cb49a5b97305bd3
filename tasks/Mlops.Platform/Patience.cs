namespace Mlops.Platform;

/// <summary>On Windows, what somebody looks at (a scanner, an indexer, a program that is just ending) can be neither moved nor deleted for a moment.</summary>
public static class Patience
{
    private const int Tries = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static void With(Action action)
    {
        for (var tries = OperatingSystem.IsWindows() ? Tries : 0; ; tries--)
        {
            try
            {
                action();
                return;
            }
            catch (Exception e) when (tries > 0 && (e is IOException or UnauthorizedAccessException))
            {
                Thread.Sleep(Pause);
            }
        }
    }
}
