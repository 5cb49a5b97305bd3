using System.Globalization;

namespace Mlops.Configuration.Values;

/// <summary>
/// When something is repeated: hourly, daily, weekly, or EventBridge Scheduler's rate(...) and cron(...) ("Schedule types" of its user guide).
/// </summary>
public readonly record struct Schedule(string Text)
{
    public const string Expected = "hourly, daily, weekly, rate(6 hours) or cron(minutes hours day-of-month month day-of-week year)";

    private const int LastYear = 2199;

    private static readonly string[] Months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    /// <summary>As EventBridge takes it. The plain words run at the full hour, at midnight, and at midnight to Monday.</summary>
    public string Expression => Text switch
    {
        "hourly" => "cron(0 * * * ? *)",
        "daily" => "cron(0 0 * * ? *)",
        "weekly" => "cron(0 0 ? * MON *)",
        _ => Text,
    };

    /// <summary>Reads a schedule; else says what is wrong with it, where more than its form is.</summary>
    public static Schedule? Parse(string text, out string? problem)
    {
        problem = null;
        if (text is "hourly" or "daily" or "weekly")
            return new Schedule(text);
        if (Inner(text, "rate(") is { } rate)
            problem = RateProblem(rate);
        else if (Inner(text, "cron(") is { } cron)
            problem = CronProblem(cron);
        else
            return null;
        return problem is null ? new Schedule(text) : null;
    }

    public override string ToString() => Text;

    private static string? Inner(string text, string function) =>
        text.StartsWith(function, StringComparison.Ordinal) && text[^1] == ')' ? text[function.Length..^1] : null;

    private static string? RateProblem(string rate)
    {
        if (rate.Split(' ') is not [var count, var unit] || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            return "a rate is a number above zero and a unit: rate(6 hours)";
        return unit switch
        {
            "minute" or "hour" or "day" => number == 1 ? null : $"{number} takes '{unit}s'",
            "minutes" or "hours" or "days" => number != 1 ? null : $"1 takes '{unit[..^1]}'",
            _ => "the unit is minutes, hours or days",
        };
    }

    private static string? CronProblem(string cron)
    {
        var fields = cron.Split(' ');
        if (fields.Length != 6)
            return $"it has {fields.Length} fields and takes six: minutes hours day-of-month month day-of-week year";
        if ((fields[2] == "?") == (fields[4] == "?"))
            return "one of day-of-month and day-of-week is '?', and not both";
        return FieldProblem("minutes", fields[0], 0, 59, [], "")
            ?? FieldProblem("hours", fields[1], 0, 23, [], "")
            ?? FieldProblem("day-of-month", fields[2], 1, 31, [], "LW?")
            ?? FieldProblem("month", fields[3], 1, 12, Months, "")
            ?? FieldProblem("day-of-week", fields[4], 1, 7, Days, "L#?")
            ?? FieldProblem("year", fields[5], 1970, LastYear, [], "")
            ?? DateProblem(fields[2], fields[3]);
    }

    /// <summary>31 February never comes. Steps and special days are not looked at: they always find one.</summary>
    private static string? DateProblem(string days, string months)
    {
        var wanted = days.Split(',').Select(d => int.TryParse(d.Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var day) ? day : 1).Min();
        var named = months.Split(',').Select(m => Array.FindIndex(Months, w => w.Equals(m, StringComparison.OrdinalIgnoreCase)) is >= 0 and var word ? word + 1 : int.TryParse(m, NumberStyles.None, CultureInfo.InvariantCulture, out var month) ? month : 1).ToList();
        // A leap year: what comes on 29 February comes.
        return named.All(m => wanted > DateTime.DaysInMonth(2000, m)) ? $"no such month has a day {wanted}, so it never comes" : null;
    }

    private static string? FieldProblem(string name, string field, int lowest, int highest, string[] words, string special)
    {
        foreach (var item in field.Split(','))
        {
            if (!IsItem(item))
                return $"'{item}' is no value of {name}, which takes {lowest}-{highest}{(words.Length > 0 ? $" or {words[0]}-{words[^1]}" : "")}, lists (,), ranges (-), steps (/) and *";
        }

        return null;

        bool IsItem(string item)
        {
            if (item == "?" || item == "L")
                return special.Contains(item[0]);
            if (special.Contains('W') && item is [.. var day, 'W'] && item.Length > 1)
                return day == "L" || IsNumber(day);
            if (special.Contains('#') && item is [.. var last, 'L'] && item.Length > 1)
                return IsNumber(last);
            if (special.Contains('#') && item.Split('#') is [var weekday, var nth])
                return IsNumber(weekday) && nth is ['1' or '2' or '3' or '4' or '5'];
            var step = item.Split('/');
            if (step.Length > 2 || (step.Length == 2 && !(int.TryParse(step[1], NumberStyles.None, CultureInfo.InvariantCulture, out var every) && every is > 0 && every <= highest)))
                return false;
            return step[0] == "*" || (step[0].Split('-') is { Length: <= 2 } range && range.All(IsNumber) && (range.Length < 2 || Number(range[0]) <= Number(range[1]) || words.Length > 0));
        }

        bool IsNumber(string text) => Number(text) is { } number && number >= lowest && number <= highest;

        int? Number(string text)
        {
            var word = Array.FindIndex(words, w => w.Equals(text, StringComparison.OrdinalIgnoreCase));
            return word >= 0 ? word + lowest : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        }
    }
}
