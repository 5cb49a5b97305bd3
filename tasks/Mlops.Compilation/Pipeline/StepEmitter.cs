using Mlops.Compilation.Planning;
using Mlops.Definitions;

namespace Mlops.Compilation.Pipeline;

/// <summary>Planned steps as SageMaker's, each by the emitter of its kind.</summary>
internal sealed class StepEmitter(StepShapes shapes)
{
    public PipelineStep Emit(PlannedNode node) => node switch
    {
        PlannedStep { Kind: StepKind.Training } training => TrainingEmitter.Emit(training, shapes),
        PlannedStep processing => ProcessingEmitter.Emit(processing, shapes),
        PlannedTransform transform => FurtherStepEmitter.Emit(transform, shapes),
        PlannedQuestion question => FurtherStepEmitter.Emit(question, shapes),
        PlannedEmr emr => FurtherStepEmitter.Emit(emr, shapes),
        PlannedCondition condition => FurtherStepEmitter.Emit(condition, shapes, Emit),
        PlannedFail fail => FurtherStepEmitter.Emit(fail, shapes),
        _ => throw new ArgumentOutOfRangeException(nameof(node)),
    };
}
