using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization;
using Amazon.Runtime;

namespace Mlops.Aws.Protocols;

/// <param name="Name">On the wire.</param>
internal sealed record Member(string Name, PropertyInfo Property);

/// <summary>The members of generated types: those of the SDK's base classes are none.</summary>
internal static class Members
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<Member>> Known = new();

    public static IReadOnlyList<Member> Of(Type type) => Known.GetOrAdd(type, t =>
        [.. t.GetProperties().Where(p => IsOwn(p)).Select(p => new Member(p.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? p.Name, p))]);

    public static bool IsOwn(MemberInfo member) => member.DeclaringType!.Assembly != typeof(AmazonWebServiceRequest).Assembly;
}

/// <summary>A member that is a header of a REST request or answer.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class HeaderAttribute(string name) : Attribute
{
    public string Name => name;
}

/// <summary>A member that is the whole body of a REST request or answer.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PayloadAttribute : Attribute;
