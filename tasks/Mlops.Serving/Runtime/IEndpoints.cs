namespace Mlops.Serving.Runtime;

/// <summary>Where requests for endpoints go.</summary>
public interface IEndpoints
{
    /// <summary>Whether there is an endpoint of that name, able to answer or not.</summary>
    bool Knows(string endpoint);

    /// <summary>A model that takes a request now, or null. It is held until the lease is disposed.</summary>
    IInvocationLease? Lease(string endpoint);
}

public interface IInvocationLease : IDisposable
{
    /// <summary>The base address of the model's server.</summary>
    Uri Address { get; }

    /// <summary>The production variant that the model serves for.</summary>
    string Variant { get; }
}
