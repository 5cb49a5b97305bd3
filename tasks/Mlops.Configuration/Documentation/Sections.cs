using Mlops.Configuration.Binding;
using Mlops.Configuration.Model;

namespace Mlops.Configuration.Documentation;

/// <summary>A section of the language, at the place where it first appears.</summary>
/// <param name="Path">Of its key, such as <c>deploy[].realtime</c>; empty: the file itself.</param>
/// <param name="Kind">The value of 'kind' that chooses it; null: there is no choice.</param>
internal sealed record DocumentedSection(string Path, string? Kind, SectionShape Shape);

/// <summary>All sections of the language, each once, in the order of the file.</summary>
internal static class Sections
{
    public static IReadOnlyList<DocumentedSection> All()
    {
        var found = new List<DocumentedSection>();
        var seen = new HashSet<Type>();
        Visit("", new(null, typeof(ModelConfig)));
        return found;

        void Visit(string path, SectionChoice choice)
        {
            if (!seen.Add(choice.Section))
                return;
            var shape = SectionShape.Of(choice.Section);
            found.Add(new(path, choice.Kind, shape));
            foreach (var key in shape.Keys.Values)
            {
                foreach (var next in key.Converter.Sections)
                    Visit(Join(path, key), next);
            }
        }
    }

    public static string Join(string path, KeyShape key) =>
        (path.Length == 0 ? key.Key.Name : $"{path}.{key.Key.Name}") + key.Converter.Many switch { Many.Map => ".NAME", Many.List => "[]", _ => "" };
}
