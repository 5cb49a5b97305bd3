using Mlops.Platform;
using Mlops.Platform.Local;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>Verbs about what this machine keeps.</summary>
internal static class LocalOnly
{
    public static LocalPlatform Local(this VerbContext context, string verb) =>
        context.Platform as LocalPlatform ?? throw PlatformErrors.LocalOnly(verb).ToException();
}
