using System.Globalization;
using Mlops.Platform.Local.Triggers;

namespace Mlops.Platform.Local.Tests;

/// <summary>EventBridge Scheduler's schedules. The occurrences are those that its documentation and calendars give.</summary>
public sealed class ScheduleTests
{
    [Theory]
    [InlineData("rate(5 minutes)", "UTC", "2026-11-28T10:00:00Z", "2026-11-28T10:05:00Z")]
    [InlineData("rate(1 day)", "UTC", "2026-11-28T10:00:00Z", "2026-11-29T10:00:00Z")]
    [InlineData("cron(0 3 ? * MON *)", "Europe/Amsterdam", "2026-11-28T10:00:00Z", "2026-11-30T02:00:00Z")]
    [InlineData("cron(0 3 ? * 2 *)", "UTC", "2026-11-28T10:00:00Z", "2026-11-30T03:00:00Z")] // 2 is Monday: Sunday is 1.
    [InlineData("cron(0 3 ? * 1 *)", "UTC", "2026-11-28T10:00:00Z", "2026-11-29T03:00:00Z")]
    [InlineData("cron(0 3 ? * 2-6 *)", "UTC", "2026-11-28T10:00:00Z", "2026-11-30T03:00:00Z")] // Saturday is 7.
    [InlineData("cron(0 10 ? * 6#3 *)", "UTC", "2026-11-01T00:00:00Z", "2026-11-20T10:00:00Z")] // The third Friday.
    [InlineData("cron(0 3 ? * 2-6/2 *)", "UTC", "2026-11-30T04:00:00Z", "2026-12-02T03:00:00Z")] // Mondays, Wednesdays, Fridays.
    [InlineData("cron(0 3 ? * 2/2 *)", "UTC", "2026-12-04T04:00:00Z", "2026-12-07T03:00:00Z")] // Mondays, Wednesdays, Fridays, and no Sunday.
    [InlineData("cron(0 3 ? * MON/2 *)", "UTC", "2026-12-04T04:00:00Z", "2026-12-07T03:00:00Z")]
    [InlineData("cron(15 10 L * ? *)", "UTC", "2026-11-28T10:00:00Z", "2026-11-30T10:15:00Z")]
    [InlineData("cron(0 12 1 1 ? 2028)", "UTC", "2026-11-28T10:00:00Z", "2028-01-01T12:00:00Z")]
    [InlineData("cron(0 12 1 1 ? 2027,2029-2031)", "UTC", "2027-06-01T00:00:00Z", "2029-01-01T12:00:00Z")]
    [InlineData("cron(0 12 1 1 ? 2026/2)", "UTC", "2026-06-01T00:00:00Z", "2028-01-01T12:00:00Z")]
    // In the night when clocks go forward there is no 02:30: that day is skipped. When they go back the hour comes twice and counts once.
    [InlineData("cron(30 2 * * ? *)", "Europe/Amsterdam", "2027-03-27T12:00:00Z", "2027-03-29T00:30:00Z")]
    [InlineData("cron(30 2 * * ? *)", "Europe/Amsterdam", "2027-10-30T12:00:00Z", "2027-10-31T00:30:00Z")]
    [InlineData("cron(*/30 * * * ? *)", "Europe/Amsterdam", "2027-10-31T00:30:00Z", "2027-10-31T02:00:00Z")]
    [InlineData("cron(*/30 * * * ? *)", "Europe/Amsterdam", "2027-03-28T00:30:00Z", "2027-03-28T01:00:00Z")]
    [InlineData("cron(30 0 1 * ? 2027)", "Australia/Sydney", "2026-06-15T00:00:00Z", "2026-12-31T13:30:00Z")]
    public void The_next_occurrence(string schedule, string zone, string after, string next)
    {
        var found = Schedule.Parse(schedule, zone).Next(DateTimeOffset.Parse(after, CultureInfo.InvariantCulture));

        Assert.Equal(DateTimeOffset.Parse(next, CultureInfo.InvariantCulture), found);
    }

    [Fact]
    public void A_year_that_is_over_never_comes() => Assert.Null(Schedule.Parse("cron(0 12 1 1 ? 2020)", "UTC").Next(DateTimeOffset.Parse("2026-11-28T10:00:00Z", CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("often", "UTC")]
    [InlineData("cron(0 12 * *)", "UTC")]
    [InlineData("cron(99 12 * * ? *)", "UTC")]
    [InlineData("rate(1 day)", "Europe/Nowhere")]
    public void What_is_no_schedule_is_refused(string schedule, string zone) => Assert.ThrowsAny<FormatException>(() => Schedule.Parse(schedule, zone));
}
