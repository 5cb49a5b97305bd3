using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Mlops.Compilation.Bundles;

/// <summary>
/// What .gitignore and .mlopsignore files exclude, from the repository's folder down: git's patterns ("gitignore(5)"), the last that
/// matches decides, and what lies in an excluded folder stays out.
/// </summary>
internal sealed class IgnoreRules(string repository)
{
    private static readonly string[] Names = [".gitignore", ".mlopsignore"];

    private readonly Dictionary<string, IReadOnlyList<Rule>> folders = new(StringComparer.Ordinal);

    /// <summary>The files that decide, there or not, relative to the repository: what a build depends on.</summary>
    public SortedSet<string> Used { get; } = new(StringComparer.Ordinal);

    /// <param name="path">Relative to the repository, with '/'.</param>
    public bool Excludes(string path, bool isFolder)
    {
        var excluded = false;
        for (var at = -1; ; at = path.IndexOf('/', at + 1))
        {
            var folder = at < 0 ? "" : path[..at];
            foreach (var rule in RulesOf(folder))
            {
                if (rule.Matches(folder.Length == 0 ? path : path[(folder.Length + 1)..], isFolder))
                    excluded = !rule.Negated;
            }

            if (path.IndexOf('/', at + 1) < 0)
                return excluded;
        }
    }

    private IReadOnlyList<Rule> RulesOf(string folder)
    {
        if (folders.TryGetValue(folder, out var known))
            return known;
        var rules = new List<Rule>();
        foreach (var name in Names)
        {
            var relative = folder.Length == 0 ? name : $"{folder}/{name}";
            Used.Add(relative);
            var file = Path.Combine(repository, relative);
            if (File.Exists(file))
                rules.AddRange(File.ReadLines(file).Select(Rule.Parse).OfType<Rule>());
        }

        return folders[folder] = rules;
    }

    private sealed record Rule(Regex Pattern, bool Negated, bool FoldersOnly)
    {
        public bool Matches(string path, bool isFolder) => (isFolder || !FoldersOnly) && Pattern.IsMatch(path);

        public static Rule? Parse(string line)
        {
            var text = line.TrimEnd();
            if (text.Length == 0 || text[0] == '#')
                return null;
            var negated = text[0] == '!';
            text = negated ? text[1..] : text;
            var foldersOnly = text.EndsWith('/');
            text = text.TrimEnd('/');
            if (text.Length == 0)
                return null;
            // A '/' within binds the pattern to the file's own folder; else it holds at any depth.
            var anchored = text.Contains('/', StringComparison.Ordinal);
            var pattern = $"^{(anchored ? "" : "(?:.*/)?")}{Translate(text.TrimStart('/'))}\\z";
            return new Rule(new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking), negated, foldersOnly);
        }

        private const string Nothing = "[^\\s\\S]";

        private static string Translate(string glob)
        {
            var regex = new StringBuilder();
            for (var i = 0; i < glob.Length; i++)
            {
                var rest = glob.AsSpan(i);
                if (rest.StartsWith("**/"))
                {
                    regex.Append("(?:.*/)?");
                    i += 2;
                }
                else if (rest.StartsWith("**"))
                {
                    regex.Append(".*");
                    i++;
                }
                else if (glob[i] == '[')
                {
                    var (set, end) = Set(glob, i + 1);
                    regex.Append(set);
                    i = end;
                }
                else if (glob[i] == '\\' && i + 1 < glob.Length)
                {
                    regex.Append(Regex.Escape(glob[++i].ToString()));
                }
                else
                {
                    regex.Append(glob[i] switch { '*' => "[^/]*", '?' => "[^/]", var c => Regex.Escape(c.ToString()) });
                }
            }

            return regex.ToString();
        }

        /// <summary>A set of characters, as git has it: '!' or '^' turns it round, ']' in the first place is one of them, '\\' takes the next as it is, '/' is in none.</summary>
        /// <param name="at">Behind the '['.</param>
        /// <returns>The set, and where its ']' stands; of one that does not end, what matches nothing, and the pattern's end.</returns>
        private static (string Regex, int End) Set(string glob, int at)
        {
            var isNegated = at < glob.Length && glob[at] is '!' or '^';
            var first = isNegated ? at + 1 : at;
            var members = new StringBuilder();
            for (var i = first; i < glob.Length; i++)
            {
                if (glob[i] == ']' && i > first)
                    return (members.Length == 0 ? (isNegated ? "[^/]" : Nothing) : $"[{(isNegated ? "^/" : "")}{members}]", i);
                var from = Character(ref i);
                var to = from;
                if (i + 2 < glob.Length && glob[i + 1] == '-' && glob[i + 2] != ']')
                {
                    i += 2;
                    to = Character(ref i);
                }

                // Of a range that runs backwards, git takes the first alone.
                to = to < from ? from : to;
                if (from <= '/' && '/' <= to)
                {
                    Append(from, (char)('/' - 1));
                    Append((char)('/' + 1), to);
                }
                else
                {
                    Append(from, to);
                }
            }

            return (Nothing, glob.Length);

            void Append(char from, char to)
            {
                if (from <= to)
                    members.Append(CultureInfo.InvariantCulture, $"\\u{(int)from:x4}-\\u{(int)to:x4}");
            }

            char Character(ref int i) => glob[i] == '\\' && i + 1 < glob.Length ? glob[++i] : glob[i];
        }
    }
}
