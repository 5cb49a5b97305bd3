namespace Microsoft.Build.Framework;

/// <summary>
/// Tells a multi-threaded build ('-mt') that a task uses absolute paths and no state of the process, and may stay in it. The engine
/// looks for the attribute by name; the reference assembly of MSBuild 18.0 does not have it yet.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class MSBuildMultiThreadableTaskAttribute : Attribute;
