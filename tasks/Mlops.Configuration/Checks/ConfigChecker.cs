using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;

namespace Mlops.Configuration.Checks;

/// <summary>Asks of a bound configuration whether its values can work together and with the repository. What could not be bound is null and is passed over.</summary>
internal static class ConfigChecker
{
    public static void Check(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        DataChecks.Check(config, files, diagnostics);
        StepChecks.Check(config, files, diagnostics);
        ReferenceChecks.Check(config, diagnostics);
        ParameterChecks.Check(config, diagnostics);
        GateChecks.Check(config, diagnostics);
        StageChecks.Check(config, files, diagnostics);
    }
}
