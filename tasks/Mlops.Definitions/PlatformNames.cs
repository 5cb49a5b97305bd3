namespace Mlops.Definitions;

public static class PlatformNames
{
    public const string Local = "local";
    public const string Aws = "aws";
}
