namespace Mlops.Configuration.Values;

/// <summary>A region of AWS in which SageMaker is.</summary>
public readonly record struct AwsRegion(string Name)
{
    public override string ToString() => Name;
}
