using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;
using Mlops.Configuration.Model;

namespace Mlops.Configuration.Checks;

/// <summary>Asks of a bound configuration whether its values can work together and with the repository. What could not be bound is null and is passed over.</summary>
internal static class ConfigChecker
{
    public static void Check(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        DataChecks.Check(config, files, diagnostics);
        RuntimeChecks.Check(config, diagnostics);
        StepChecks.Check(config, files, diagnostics);
        TrainingChecks.Check(config, diagnostics);
        AnalysisChecks.Check(config, files, diagnostics);
        ReferenceChecks.Check(config, diagnostics);
        BranchChecks.Check(config, diagnostics);
        ParameterChecks.Check(config, diagnostics);
        GateChecks.Check(config, diagnostics);
        InferenceChecks.Check(config, files, diagnostics);
        StageChecks.Check(config, files, diagnostics);
        MonitorChecks.Check(config, diagnostics);
        OrganisationChecks.Check(config, files, diagnostics);
        AwsChecks.Check(config, diagnostics);
        RequestLimits.Check(config, diagnostics);
        LoopChecks.Check(config, diagnostics);
        LocalChecks.Check(config, files, diagnostics);
        Lints.Check(config, diagnostics);
    }
}
