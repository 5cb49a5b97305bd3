using System.Globalization;
using System.Text.RegularExpressions;
using Cronos;

namespace Mlops.Platform.Local.Triggers;

/// <summary>
/// A schedule as EventBridge Scheduler has it ("Schedule types"): rate(N minutes), or cron(minutes hours day-of-month month day-of-week year)
/// in a time zone. Cronos computes cron expressions; it has no year, and its Sunday is 0, not 1.
/// </summary>
internal sealed partial class Schedule
{
    private const int LastYear = 2199;

    private readonly TimeSpan? rate;
    private readonly CronExpression? cron;
    private readonly Func<int, bool> hasYear = _ => true;
    private readonly TimeZoneInfo zone;

    private Schedule(string text, TimeZoneInfo zone)
    {
        this.zone = zone;
        if (Rate().Match(text) is { Success: true } given)
        {
            var count = int.Parse(given.Groups[1].Value, CultureInfo.InvariantCulture);
            rate = given.Groups[2].Value switch { "minute" => TimeSpan.FromMinutes(count), "hour" => TimeSpan.FromHours(count), _ => TimeSpan.FromDays(count) };
            return;
        }

        if (!text.StartsWith("cron(", StringComparison.Ordinal) || text[5..].TrimEnd(')').Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var minute, var hour, var day, var month, var weekday, var year])
            throw new FormatException($"'{text}' is no schedule.");
        cron = CronExpression.Parse(string.Join(' ', minute, hour, day, month, Weekdays(weekday)));
        hasYear = Years(year);
    }

    /// <summary>AWS counts from Sunday, 1 to 7, Cronos from 0; and steps go on to Saturday, where Cronos' week has Sunday once more, as 7.</summary>
    private static string Weekdays(string text)
    {
        var counted = WeekdayNumber().Replace(text, m => ((int.Parse(m.Value, CultureInfo.InvariantCulture) + 6) % 7).ToString(CultureInfo.InvariantCulture));
        return OpenStep().Replace(counted, m => char.IsAsciiDigit(m.Value[0]) ? m.Value + "-6" : m.Value + "-SAT");
    }

    /// <exception cref="FormatException">It is none, or its time zone is not known here.</exception>
    public static Schedule Parse(string text, string zone)
    {
        try
        {
            return new Schedule(text, TimeZoneInfo.FindSystemTimeZoneById(zone));
        }
        catch (TimeZoneNotFoundException e)
        {
            throw new FormatException($"The time zone '{zone}' is not known here.", e);
        }
    }

    /// <summary>The first occurrence after a time; null: there is none any more.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        if (rate is { } pause)
            return after + pause;
        var from = after;
        while (cron!.GetNextOccurrence(from, zone) is { Year: <= LastYear } next)
        {
            if (!hasYear(next.Year))
                from = LastSecond(next.Year);
            else if (IsSkipped(next))
                from = next;
            else
                return next;
        }

        return null;
    }

    /// <summary>
    /// "Daylight savings time on EventBridge Scheduler": a time that the clock jumps over has no occurrence, where Cronos moves it behind the gap,
    /// and one that comes twice has one, where Cronos repeats intervals.
    /// </summary>
    private bool IsSkipped(DateTimeOffset occurrence)
    {
        var clock = DateTime.SpecifyKind(occurrence.DateTime, DateTimeKind.Utc);
        return cron!.GetNextOccurrence(clock, TimeZoneInfo.Utc, inclusive: true) != clock
            || (zone.IsAmbiguousTime(occurrence.DateTime) && occurrence.Offset == zone.GetAmbiguousTimeOffsets(occurrence.DateTime).Min());
    }

    private DateTimeOffset LastSecond(int year)
    {
        var clock = new DateTime(year, 12, 31, 23, 59, 59, DateTimeKind.Unspecified);
        return new DateTimeOffset(clock, zone.GetUtcOffset(clock));
    }

    /// <summary>*, a year, a list, a range, or steps: 2026/2.</summary>
    private static Func<int, bool> Years(string text)
    {
        var parts = text.Split(',').Select<string, Func<int, bool>>(part =>
        {
            var (range, step) = part.Split('/') is [var start, var every] ? (start, Number(every)) : (part, 1);
            var (first, last) = range == "*" ? (1970, LastYear) : range.Split('-') is [var from, var to] ? (Number(from), Number(to)) : (Number(range), part.Contains('/', StringComparison.Ordinal) ? LastYear : Number(range));
            return year => year >= first && year <= last && (year - first) % step == 0;
        }).ToList();
        return year => parts.Any(p => p(year));
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^rate\((\d+) (minute|hour|day)s?\)$")]
    private static partial Regex Rate();

    /// <summary>A day from which steps go, without the day to which.</summary>
    [GeneratedRegex(@"(?<=^|,)(?:\d|[A-Za-z]{3})(?=/)")]
    private static partial Regex OpenStep();

    /// <summary>A day of the week, and neither the N of '#N' nor the step of '/N'.</summary>
    [GeneratedRegex(@"(?<![#/\d])\d")]
    private static partial Regex WeekdayNumber();
}
