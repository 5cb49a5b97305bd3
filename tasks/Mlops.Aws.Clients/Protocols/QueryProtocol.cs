using System.Collections;
using System.Globalization;
using System.Net;
using System.Xml.Linq;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;

namespace Mlops.Aws.Protocols;

/// <summary>AWS's query protocol: a form out, XML back. Source: smithy.io, "AWS query protocol".</summary>
/// <param name="service">The service's name in AWSSDK.Core.</param>
/// <param name="version">The API's version.</param>
public sealed class QueryProtocol(string service, string version) : Protocol
{
    internal override IMarshaller<IRequest, AmazonWebServiceRequest> Marshaller(Operation operation) => new Writer(service, operation.Name, version);

    internal override ResponseUnmarshaller Unmarshaller<T>(ExceptionFactory exceptions) => new Reader<T>(exceptions);

    private sealed class Writer(string service, string action, string version) : IMarshaller<IRequest, AmazonWebServiceRequest>
    {
        public IRequest Marshall(AmazonWebServiceRequest input)
        {
            var request = new DefaultRequest(input, service) { HttpMethod = "POST", ResourcePath = "/" };
            request.Parameters["Action"] = action;
            request.Parameters["Version"] = version;
            AddMembers(request.Parameters, "", input);
            return request;
        }

        private static void AddMembers(IDictionary<string, string> form, string prefix, object structure)
        {
            foreach (var member in Members.Of(structure.GetType()))
            {
                if (member.Property.GetValue(structure) is { } value)
                    Add(form, prefix + member.Name, value);
            }
        }

        private static void Add(IDictionary<string, string> form, string key, object value)
        {
            switch (value)
            {
                case string text:
                    form[key] = text;
                    break;
                case ConstantClass constant:
                    form[key] = constant.Value;
                    break;
                case bool flag:
                    form[key] = flag ? "true" : "false";
                    break;
                case DateTime time:
                    form[key] = time.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
                    break;
                case MemoryStream blob:
                    form[key] = Convert.ToBase64String(blob.ToArray());
                    break;
                case IDictionary map:
                    var entry = 1;
                    foreach (DictionaryEntry e in map)
                    {
                        Add(form, $"{key}.entry.{entry}.key", e.Key);
                        Add(form, $"{key}.entry.{entry++}.value", e.Value!);
                    }

                    break;
                case IList { Count: 0 }:
                    form[key] = "";
                    break;
                case IList list:
                    for (var i = 0; i < list.Count; i++)
                        Add(form, $"{key}.member.{i + 1}", list[i]!);
                    break;
                case IFormattable number:
                    form[key] = number.ToString(null, CultureInfo.InvariantCulture);
                    break;
                default:
                    AddMembers(form, key + ".", value);
                    break;
            }
        }
    }

    private sealed class Reader<T>(ExceptionFactory exceptions) : XmlResponseUnmarshaller
        where T : AmazonWebServiceResponse, new()
    {
        public override AmazonWebServiceResponse Unmarshall(XmlUnmarshallerContext input)
        {
            var root = XDocument.Load(input.Stream).Root!;
            var answer = new T();
            Fill(answer, root.Elements().FirstOrDefault(e => e.Name.LocalName.EndsWith("Result", StringComparison.Ordinal)) ?? root);
            answer.ResponseMetadata = new ResponseMetadata { RequestId = Find(root, "RequestId") };
            return answer;
        }

        public override AmazonServiceException UnmarshallException(XmlUnmarshallerContext input, Exception innerException, HttpStatusCode statusCode)
        {
            var root = XDocument.Load(input.Stream).Root!;
            var type = Find(root, "Type") == "Sender" ? ErrorType.Sender : ErrorType.Receiver;
            return exceptions(Find(root, "Code"), Find(root, "Message") ?? "", innerException, type, Find(root, "RequestId") ?? Find(root, "RequestID"), statusCode);
        }

        private static string? Find(XElement root, string name) => root.Descendants().FirstOrDefault(e => e.Name.LocalName == name)?.Value;

        private static void Fill(object structure, XElement xml)
        {
            foreach (var member in Members.Of(structure.GetType()))
            {
                if (xml.Elements().FirstOrDefault(e => e.Name.LocalName == member.Name) is { } found)
                    member.Property.SetValue(structure, Value(member.Property.PropertyType, found));
            }
        }

        private static object Value(Type declared, XElement xml)
        {
            var type = Nullable.GetUnderlyingType(declared) ?? declared;
            if (type == typeof(string))
                return xml.Value;
            if (type == typeof(DateTime))
                return DateTime.Parse(xml.Value, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);
            if (type == typeof(MemoryStream))
                return new MemoryStream(Convert.FromBase64String(xml.Value));
            if (typeof(ConstantClass).IsAssignableFrom(type))
                return Activator.CreateInstance(type, xml.Value)!;
            if (type.IsPrimitive)
                return Convert.ChangeType(xml.Value, type, CultureInfo.InvariantCulture);
            var made = Activator.CreateInstance(type)!;
            switch (made)
            {
                case IList list:
                    foreach (var item in xml.Elements())
                        list.Add(Value(type.GenericTypeArguments[0], item));
                    break;
                case IDictionary map:
                    foreach (var entry in xml.Elements().Select(e => e.Elements().ToList()))
                        map.Add(Value(type.GenericTypeArguments[0], entry[0]), Value(type.GenericTypeArguments[1], entry[1]));
                    break;
                default:
                    Fill(made, xml);
                    break;
            }

            return made;
        }
    }
}
