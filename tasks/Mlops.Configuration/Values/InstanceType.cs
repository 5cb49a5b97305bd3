namespace Mlops.Configuration.Values;

/// <summary>An instance type of SageMaker, such as ml.m5.xlarge.</summary>
public readonly record struct InstanceType(string Name)
{
    public override string ToString() => Name;
}
