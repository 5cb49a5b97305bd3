using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mlops.Configuration.Files;

/// <summary>
/// Tells regular files from pipes, without waiting: File.Exists says yes to a named pipe, and opening one waits for a writer, perhaps
/// forever. So it is opened with O_NONBLOCK; what has no position is no file.
/// </summary>
public static partial class RegularFile
{
    private const int LinuxNonBlock = 0x800;
    private const int MacNonBlock = 0x4;

    public static bool IsOne(string path)
    {
        if (!File.Exists(path))
            return false;
        if (OperatingSystem.IsWindows())
            return true;
        using var handle = new SafeFileHandle(OpenFile(path, OperatingSystem.IsMacOS() ? MacNonBlock : LinuxNonBlock), ownsHandle: true);
        if (handle.IsInvalid)
            return true; // It cannot be opened: whoever reads it says why.
        using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        return stream.CanSeek;
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);
}
