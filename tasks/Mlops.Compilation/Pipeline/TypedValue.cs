using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Configuration.Binding;
using Mlops.Configuration.Model;

namespace Mlops.Compilation.Pipeline;

/// <summary>What config.yaml says of a parameter, in the parameter's type: comparisons fail where types differ.</summary>
internal static class TypedValue
{
    public static JsonValue Of(string text, ParameterType type) => type switch
    {
        ParameterType.Integer => JsonValue.Create((long)ScalarTypes.Integer(text)!),
        ParameterType.Float => JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture)),
        ParameterType.Boolean => JsonValue.Create(text.Equals("true", StringComparison.OrdinalIgnoreCase)),
        _ => JsonValue.Create(text),
    };
}
