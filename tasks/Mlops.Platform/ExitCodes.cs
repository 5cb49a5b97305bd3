namespace Mlops.Platform;

/// <summary>Of the program <c>mlops</c>.</summary>
public static class ExitCodes
{
    public const int Done = 0;
    public const int Errors = 1;

    /// <summary>Of 'plan' alone: there is something to do.</summary>
    public const int Changes = 2;

    /// <summary>EX_USAGE of BSD's sysexits.</summary>
    public const int Usage = 64;

    /// <summary>EX_TEMPFAIL: nothing is wrong with what was asked for; asked again later, it may be done.</summary>
    public const int TryAgain = 75;

    /// <summary>128 and the number of SIGINT.</summary>
    public const int Interrupted = 130;

    /// <summary>128 and the number of SIGTERM.</summary>
    public const int Terminated = 143;
}
