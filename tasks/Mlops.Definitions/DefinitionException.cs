namespace Mlops.Definitions;

/// <summary>A document that is not what it should be. The message is for the user; whoever catches it adds a code and a file.</summary>
public sealed class DefinitionException(string message) : Exception(message);
