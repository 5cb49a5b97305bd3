using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <summary>What every verb works on.</summary>
public sealed record VerbContext(Workspace Workspace, IPlatform Platform, IEventSink Events);
