using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Settings of aws: accounts, regions and partitions fit together; what several accounts share can be read by all.</summary>
internal static class AwsChecks
{
    /// <summary>RetentionInDays of a log group (PutRetentionPolicy of CloudWatch Logs).</summary>
    private static readonly int[] LogDays = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        if (config.Aws is { } aws)
            CheckSection(aws, aws.Account, aws.Region, diagnostics);
        CheckTopic(config, diagnostics);
        CheckPartition(config, diagnostics);
        foreach (var stage in config.Deploy ?? [])
        {
            CheckStream(stage, stage.Aws?.Region ?? config.Aws?.Region, diagnostics);
            if (stage.Aws is not { } own)
                continue;
            CheckSection(own, own.Account ?? config.Aws?.Account, own.Region ?? config.Aws?.Region, diagnostics);
            CheckOtherAccount(own, config.Aws, diagnostics);
            CheckInherited(stage, own, config, diagnostics);
        }
    }

    private static void CheckSection(AwsSection aws, Located<string>? account, Located<AwsRegion>? region, DiagnosticBag diagnostics)
    {
        foreach (var (key, arn) in new[] { ("deploy_role", aws.DeployRole), ("execution_role", aws.ExecutionRole), ("permissions_boundary", aws.PermissionsBoundary), ("kms_key", aws.KmsKey) })
        {
            if (arn is not { } given)
                continue;
            if (region is { } r && given.Value.Partition != Regions.PartitionOf(r.Value.Name))
                diagnostics.Add(Errors.WrongPartition(given.Span, key, given.Value.Partition, r.Value.Name, Regions.PartitionOf(r.Value.Name)));
            else if (key == "kms_key" && region is { } home && given.Value.Region != home.Value.Name)
                diagnostics.Add(Errors.KeyElsewhere(given.Span, given.Value.Region, home.Value.Name));
            else if (key is "deploy_role" or "execution_role" && account is { } a && given.Value.Account != a.Value)
                diagnostics.Add(Errors.RoleElsewhere(given.Span, key, given.Value.Account, a.Value));
        }

        if (aws.Retention?.Logs is { } logs && (logs.Value.Time.TotalDays % 1 != 0 || !LogDays.Contains((int)logs.Value.Time.TotalDays)))
            diagnostics.Add(Errors.UnknownChoice(logs.Span, "logs", logs.Value.ToString(), [.. LogDays.Select(d => $"{d}d")]));
        foreach (var (key, time) in new[] { ("runs", aws.Retention?.Runs), ("capture", aws.Retention?.Capture) })
        {
            if (time is { } given && given.Value.Time.TotalDays % 1 != 0)
                diagnostics.Add(Errors.WrongValue(given.Span, key, given.Value.ToString(), "whole days, such as 90d"));
        }
    }

    /// <summary>Lambda reads streams, and tells of failures, in its own region alone; predictions go to a stream of any region of the partition.</summary>
    private static void CheckStream(StageSection stage, Located<AwsRegion>? region, DiagnosticBag diagnostics)
    {
        if (stage.Stream is not { } stream || region is not { } home)
            return;
        foreach (var (key, arn) in new[] { ("source", stream.Source), ("destination", stream.Destination), ("on_failure", stream.OnFailure) })
        {
            if (arn is not { } given)
                continue;
            if (given.Value.Partition != Regions.PartitionOf(home.Value.Name))
                diagnostics.Add(Errors.WrongPartition(given.Span, key, given.Value.Partition, home.Value.Name, Regions.PartitionOf(home.Value.Name)));
            else if (given.Value.Resource.EndsWith(".fifo", StringComparison.Ordinal))
                diagnostics.Add(Errors.WrongValue(given.Span, key, given.Value.Text, "a standard queue or topic: Lambda tells no other of failures"));
            else if (key != "destination" && given.Value.Region != home.Value.Name)
                diagnostics.Add(Errors.StreamElsewhere(given.Span, key, given.Value.Region, home.Value.Name));
        }
    }

    /// <summary>Partitions know nothing of each other: neither roles and keys nor objects pass from one to another.</summary>
    private static void CheckPartition(ModelConfig config, DiagnosticBag diagnostics)
    {
        if ((config.Aws?.Region ?? (config.Deploy ?? []).Select(s => s.Aws?.Region).FirstOrDefault(r => r is not null)) is not { } home)
            return;
        var partition = Regions.PartitionOf(home.Value.Name);
        foreach (var region in (config.Deploy ?? []).Select(s => s.Aws?.Region).OfType<Located<AwsRegion>>().Where(r => Regions.PartitionOf(r.Value.Name) != partition))
            diagnostics.Add(Errors.Excludes(region.Span, $"region: {region.Value.Name}", $"region: {home.Value.Name}", $"they are of the partitions '{Regions.PartitionOf(region.Value.Name)}' and '{partition}', which share nothing. Give that partition a configuration of its own."));
        var access = config.Access;
        var principals = new[] { access?.DataScientist, access?.MlEngineer, access?.Approver, access?.Auditor }.SelectMany(p => p?.Principals ?? []).Select(p => ("principals", p));
        var secrets = config.Steps.Select(s => s.Section).OfType<StepSection>().SelectMany(s => s.Secrets ?? NamedMap<Given<Arn>>.Empty).Select(s => s.Value).OfType<Given<Arn>>().Select(s => ("secrets", new Located<Arn>(s.Value, s.Span)));
        var functions = config.Steps.Select(s => s.Section).OfType<LambdaStep>().Select(s => s.Function).OfType<Located<Arn>>().Select(f => ("function", f));
        foreach (var (key, arn) in principals.Concat(secrets).Concat(functions).Concat(config.Notify?.Topic is { } topic ? [("topic", topic)] : []).Where(a => a.Item2.Value.Partition != partition))
            diagnostics.Add(Errors.WrongPartition(arn.Span, key, arn.Value.Partition, home.Value.Name, partition));
    }

    /// <summary>Alarms and rules reach topics of their own region alone; a stage in another one makes a topic for the same people.</summary>
    private static void CheckTopic(ModelConfig config, DiagnosticBag diagnostics)
    {
        if (config.Notify?.Topic is not { } topic || topic.Value.Region is not { Length: > 0 } region)
            return;
        if (topic.Value.Resource.EndsWith(".fifo", StringComparison.Ordinal))
            diagnostics.Add(Errors.WrongValue(topic.Span, "topic", topic.Value.Text, "a standard topic: EventBridge and alarms reach no other"));
        // Addresses get a topic of their own only where the given one is not reached.
        if (config.Notify.Emails is [var address, ..] && !(config.Deploy ?? []).Any(s => s.Aws?.Region is { } elsewhere && elsewhere.Value.Name != region))
            diagnostics.Add(Errors.NoEffect(address.Span, "emails", "the 'topic' is told, and its subscribers are its owner's. Subscribe them to it, or remove one of the two."));
        if (config.Aws?.Region is { } home && home.Value.Name != region && topic.Value.Partition == Regions.PartitionOf(home.Value.Name))
            diagnostics.Add(Errors.TopicElsewhere(topic.Span, region, home.Value.Name));
        if (config.Notify.Emails is { Count: > 0 } || config.Notify.Events?.Any(e => e.Value.IsOfStage()) == false)
            return;
        foreach (var stage in (config.Deploy ?? []).Where(s => s is { Realtime: not null } or { Serverless: not null } or { Async: not null }))
        {
            if (stage.Aws?.Region is { } there && there.Value.Name != region && config.Aws?.Region?.Value.Name == region)
                diagnostics.Add(Errors.NobodyToTell(there.Span, stage.Stage?.Value ?? "", there.Value.Name, region));
        }
    }

    /// <summary>What 'aws' says for all and a stage elsewhere cannot use: roles, policies, networks and buckets are of one account, networks and keys of one region.</summary>
    private static void CheckInherited(StageSection section, AwsSection stage, ModelConfig config, DiagnosticBag diagnostics)
    {
        var shared = config.Aws;
        if (stage.Account is { } lone && shared?.Account is null && shared?.Unreadable.Contains("account") != true)
            diagnostics.Add(Errors.MissingKey(lone.Span, "account", "'aws'", "The account of the build: what is shared with the stage's is decided by both."));
        if (stage.Region is { } place && shared?.Region is null && config.Notify is not null && shared?.Unreadable.Contains("region") != true)
            diagnostics.Add(Errors.MissingKey(place.Span, "region", "'aws'", "The region of the build: alarms and rules reach topics of their own region alone, so it decides which topic the stage tells."));
        if (stage.Region is { } there && shared?.Region is { } here && Regions.PartitionOf(there.Value.Name) != Regions.PartitionOf(here.Value.Name))
            return; // That has no remedy here.
        var otherAccount = stage.Account is { } account && shared?.Account is { } home && account.Value != home.Value;
        var otherRegion = stage.Region is { } region && shared?.Region is { } homeRegion && region.Value != homeRegion.Value;
        if (!otherAccount && !otherRegion)
            return;
        var (span, name) = otherAccount ? (stage.Account!.Value.Span, $"account {stage.Account.Value.Value}") : (stage.Region!.Value.Span, $"region {stage.Region.Value.Value.Name}");
        (string Key, bool IsInherited)[] keys =
        [
            ("execution_role", otherAccount && stage.ExecutionRole is null && shared!.ExecutionRole is not null),
            ("permissions_boundary", otherAccount && stage.PermissionsBoundary is null && shared!.PermissionsBoundary is not null),
            ("network", section.Serverless is null && stage.Network is null && shared!.Network is not null),
            ("kms_key", otherRegion && stage.KmsKey is null && shared!.KmsKey is not null),
            // Archives of versions are copied to the region in which they serve.
            ("bucket", stage.Bucket is null && (otherRegion || WritesToBucket(section, config))),
        ];
        foreach (var key in keys.Where(k => k.IsInherited && !stage.Unreadable.Contains(k.Key)).Select(k => k.Key))
            diagnostics.Add(Errors.MissingKey(span, key, "the stage's 'aws'", $"The one of the build is of no use in {name}."));
    }

    /// <summary>Whether a stage writes to a place that nothing but its bucket gives.</summary>
    private static bool WritesToBucket(StageSection stage, ModelConfig config)
    {
        var monitored = config.Monitor is { } monitor && (monitor.Stages is { } named ? named.Any(s => s.Value == stage.Stage?.Value) : config.Deploy is [.., var last] && last == stage);
        return stage is { Capture.To: null, Capture: not null } or { Async: not null } || monitored;
    }

    /// <summary>What one account encrypts and another reads needs a key that both may use; S3's own keys are of one account alone.</summary>
    private static void CheckOtherAccount(AwsSection stage, AwsSection? shared, DiagnosticBag diagnostics)
    {
        if (stage.Account is not { } account || shared?.Account is not { } home || account.Value == home.Value)
            return;
        if (shared.KmsKey is null && !shared.Unreadable.Contains("kms_key"))
            diagnostics.Add(Errors.KeyNeeded(account.Span, home.Value, account.Value));
        if (stage.DeployRole is null && !stage.Unreadable.Contains("deploy_role"))
            diagnostics.Add(Errors.MissingKey(account.Span, "deploy_role", "the stage's 'aws'", $"The role in account {account.Value} that is assumed to deploy there."));
    }
}
