namespace Mlops.Configuration.Values;

/// <summary>A built-in algorithm of SageMaker, by the name of its image's repository.</summary>
public readonly record struct Algorithm(string Name)
{
    public override string ToString() => Name;
}
