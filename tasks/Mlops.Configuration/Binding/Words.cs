namespace Mlops.Configuration.Binding;

/// <summary>Enum members as other languages write them.</summary>
public static class Words
{
    /// <summary>snake_case, as config.yaml has them.</summary>
    public static string Snake(Enum value) => ScalarTypes.SnakeCase(value.ToString());

    /// <summary>UPPER_CASE, as SageMaker's registry has them.</summary>
    public static string Upper(Enum value) => Snake(value).ToUpperInvariant();
}
