using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace Mlops.Platform.Local.Processes;

/// <summary>
/// A program that posix_spawn(3) started as the leader of a session. Process has no way to ask for one, and setsid(1) is a program more to start,
/// which costs as much as the step's own.
/// </summary>
internal sealed partial class SpawnedProcess
{
    /// <summary>An attribute or a list of actions takes 336 bytes at most, a set of signals 128 (glibc, musl; less on macOS).</summary>
    private const int Opaque = 512;

    private const short SetSignalsToDefault = 0x04;
    private const short SetSignalMask = 0x08;
    private const short NewSessionOfLinux = 0x80;

    /// <summary>macOS: POSIX_SPAWN_SETSID; and POSIX_SPAWN_CLOEXEC_DEFAULT, since .NET makes pipes there that a child started in between would inherit.</summary>
    private const short NewSessionOfMac = 0x400 | 0x4000;

    /// <summary>SIGPIPE, which .NET ignores, and a program would go on to.</summary>
    private const int BrokenPipe = 13;

    /// <summary>ENOEXEC: of a script that does not say what it is for, which a shell would take for its own.</summary>
    private const int NoProgram = 8;

    /// <summary>EAGAIN of Linux, as fork(2) has it where there is no room for another process.</summary>
    private const int TryAgain = 11;

    /// <summary>EINTR.</summary>
    private const int Interrupted = 4;

    /// <summary>It does nothing but wait.</summary>
    private const int WaitingStack = 256 << 10;

    private SpawnedProcess(int id, Pipes pipes)
    {
        Id = id;
        (Input, Output, Errors) = (pipes.Input, pipes.Output, pipes.Errors);
        var exited = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        Exited = exited.Task;
        try
        {
            new Thread(() => exited.SetResult(Wait(id)), WaitingStack) { IsBackground = true, Name = "mlops child" }.Start();
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            // No room for a thread: nobody would wait for the program.
            ProcessGroup.Kill(id);
            _ = Wait(id);
            throw new Win32Exception(TryAgain);
        }
    }

    public int Id { get; }

    /// <summary>Ends when it does; 128 and the number of the signal that ended it, or its exit code.</summary>
    public Task<int> Exited { get; }

    public Stream Input { get; }

    public Stream Output { get; }

    public Stream Errors { get; }

    public static SpawnedProcess Start(ProcessStartInfo start)
    {
        var pipes = new Pipes();
        try
        {
            var error = Spawn(start, pipes, out var id);
            return error switch
            {
                0 => new(id, pipes),
                NoProgram => throw new Win32Exception(error, "it is no program of this system, nor a script whose first line names its interpreter (#!)"),
                _ => throw new Win32Exception(error),
            };
        }
        catch
        {
            pipes.Dispose();
            throw;
        }
        finally
        {
            pipes.CloseChildEnds();
        }
    }

    private static unsafe int Spawn(ProcessStartInfo start, Pipes pipes, out int id)
    {
        byte* attributes = stackalloc byte[Opaque], actions = stackalloc byte[Opaque], signals = stackalloc byte[Opaque];
        Check(AttributesInit(attributes));
        Check(ActionsInit(actions));
        try
        {
            Check(SignalsClear(signals) | SetMask(attributes, signals) | SignalsAdd(signals, BrokenPipe) | SetDefault(attributes, signals));
            Check(SetFlags(attributes, (short)(SetSignalsToDefault | SetSignalMask | (OperatingSystem.IsMacOS() ? NewSessionOfMac : NewSessionOfLinux))));
            foreach (var (descriptor, standard) in pipes.ChildEnds)
                Check(Duplicate(actions, descriptor, standard));
            using var command = new TextArray(WorkingIn(start.WorkingDirectory, [start.FileName, .. start.ArgumentList], actions));
            using var environment = new TextArray([.. start.Environment.Select(e => $"{e.Key}={e.Value}")]);
            return SpawnByPath(out id, command.First, actions, attributes, command.Texts, environment.Texts);
        }
        finally
        {
            _ = ActionsDestroy(actions);
            _ = AttributesDestroy(attributes);
        }
    }

    /// <summary>The folder is among the actions, or, before glibc 2.29, a shell's to go to.</summary>
    private static unsafe IReadOnlyList<string> WorkingIn(string folder, IReadOnlyList<string> command, byte* actions)
    {
        if (folder.Length == 0)
            return command;
        try
        {
            Check(ChangeFolder(actions, folder));
            return command;
        }
        catch (EntryPointNotFoundException)
        {
            return ["/bin/sh", "-c", "cd -- \"$1\" && shift && exec \"$@\"", "sh", folder, .. command];
        }
    }

    /// <summary>wait(2): the low seven bits are the signal, the second byte the code.</summary>
    private static int Wait(int id)
    {
        while (true)
        {
            if (WaitFor(id, out var status, 0) == id)
                return (status & 0x7F) is > 0 and var signal ? 128 + signal : (status >> 8) & 0xFF;
            if (Marshal.GetLastPInvokeError() != Interrupted)
                return -1; // Somebody else waited for it.
        }
    }

    private static void Check(int error)
    {
        if (error != 0)
            throw new Win32Exception(error);
    }

    /// <summary>The three standard streams. Nothing else that is started meanwhile inherits them.</summary>
    private sealed class Pipes : IDisposable
    {
        public AnonymousPipeServerStream Input { get; } = new(PipeDirection.Out, HandleInheritability.None);

        public AnonymousPipeServerStream Output { get; } = new(PipeDirection.In, HandleInheritability.None);

        public AnonymousPipeServerStream Errors { get; } = new(PipeDirection.In, HandleInheritability.None);

        /// <summary>The child's ends, and which of its streams they are.</summary>
        public IEnumerable<(int Descriptor, int Standard)> ChildEnds => new[] { Input, Output, Errors }.Select((p, i) => ((int)p.ClientSafePipeHandle.DangerousGetHandle(), i));

        public void CloseChildEnds()
        {
            Input.DisposeLocalCopyOfClientHandle();
            Output.DisposeLocalCopyOfClientHandle();
            Errors.DisposeLocalCopyOfClientHandle();
        }

        public void Dispose()
        {
            Input.Dispose();
            Output.Dispose();
            Errors.Dispose();
        }
    }

    /// <summary>Texts as C has them, a null pointer behind the last.</summary>
    private sealed unsafe class TextArray : IDisposable
    {
        private readonly int count;

        public TextArray(IReadOnlyList<string> texts)
        {
            count = texts.Count;
            Texts = (byte**)NativeMemory.AllocZeroed((nuint)(count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < count; i++)
                Texts[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        }

        public byte** Texts { get; }

        public byte* First => Texts[0];

        public void Dispose()
        {
            for (var i = 0; i < count; i++)
                Marshal.FreeCoTaskMem((nint)Texts[i]);
            NativeMemory.Free(Texts);
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_spawnp")]
    private static unsafe partial int SpawnByPath(out int id, byte* file, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static unsafe partial int AttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static unsafe partial int AttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static unsafe partial int SetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static unsafe partial int SetMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static unsafe partial int SetDefault(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static unsafe partial int ActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static unsafe partial int ActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static unsafe partial int Duplicate(byte* actions, int descriptor, int standard);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int ChangeFolder(byte* actions, string folder);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static unsafe partial int SignalsClear(byte* signals);

    [LibraryImport("libc", EntryPoint = "sigaddset")]
    private static unsafe partial int SignalsAdd(byte* signals, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitFor(int id, out int status, int options);
}
