using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace Mlops.Serving.Storage;

/// <summary>S3's documents.</summary>
internal static class S3Xml
{
    private static readonly XNamespace Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

    public static XElement Element(string name, params object?[] content) => new(Namespace + name, content);

    public static string Time(DateTime utc) => utc.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    public static async Task WriteAsync(HttpContext http, XElement document)
    {
        http.Response.ContentType = "application/xml";
        var settings = new XmlWriterSettings { Async = true, CheckCharacters = false };
        await using var writer = XmlWriter.Create(http.Response.Body, settings);
        await new XDocument(document).SaveAsync(writer, http.RequestAborted);
    }

    public static async Task<XElement> ReadAsync(HttpContext http)
    {
        try
        {
            var settings = new XmlReaderSettings { Async = true, DtdProcessing = DtdProcessing.Prohibit };
            using var reader = XmlReader.Create(http.Request.Body, settings);
            return await XElement.LoadAsync(reader, LoadOptions.None, http.RequestAborted);
        }
        catch (XmlException e)
        {
            throw S3Error.Malformed(e.Message);
        }
    }

    /// <summary>A child by its local name: clients differ in whether they name the namespace.</summary>
    public static string? Text(this XElement parent, string name) => parent.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value;

    public static IEnumerable<XElement> Named(this XElement parent, string name) => parent.Elements().Where(e => e.Name.LocalName == name);
}
