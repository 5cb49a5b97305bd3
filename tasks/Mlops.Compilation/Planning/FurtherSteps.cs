using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Compilation.Planning;

/// <summary>Predicts a set of records with the model.</summary>
public sealed record PlannedTransform : PlannedNode
{
    public required InputSource Data { get; init; }

    public required string ContentType { get; init; }

    public required string Accept { get; init; }

    public required Split Split { get; init; }

    public required Records Records { get; init; }

    public required Join Join { get; init; }

    public string? Filter { get; init; }

    public string? OutputFilter { get; init; }

    public required IReadOnlyDictionary<string, Template> Environment { get; init; }

    public required PlannedInstance Instance { get; init; }

    public Duration? Cache { get; init; }

    public PlannedRetry? Retry { get; init; }
}

/// <summary>Asks a function, or whoever listens to a queue, and takes what comes back.</summary>
/// <param name="Function">An ARN; null: a queue is asked.</param>
public sealed record PlannedQuestion(string? Function, string? Queue) : PlannedNode
{
    public required IReadOnlyDictionary<string, Template> Payload { get; init; }

    public required IReadOnlyList<(string Name, ParameterType Type)> Outputs { get; init; }

    public Duration? Cache { get; init; }
}

/// <summary>A program on a running EMR cluster.</summary>
public sealed record PlannedEmr(string Cluster, string Jar, string? MainClass) : PlannedNode
{
    public required IReadOnlyList<Template> Arguments { get; init; }

    public required IReadOnlyDictionary<string, Template> Properties { get; init; }

    public Duration? Cache { get; init; }
}

public sealed record PlannedCondition : PlannedNode
{
    public required IReadOnlyList<PlannedComparison> Tests { get; init; }

    public required IReadOnlyList<PlannedNode> Then { get; init; }

    public required IReadOnlyList<PlannedNode> Else { get; init; }

    public override IEnumerable<PlannedNode> WithNested() => [this, .. Then.Concat(Else).SelectMany(s => s.WithNested())];
}

/// <summary>What a condition looks at, and what must hold of it.</summary>
/// <param name="Type">Of the value.</param>
public sealed record PlannedComparison(Template Value, ParameterType Type, double? Min, double? Max, string? EqualTo, IReadOnlyList<string>? In);

/// <summary>Ends the run.</summary>
public sealed record PlannedFail(Template Message) : PlannedNode;
