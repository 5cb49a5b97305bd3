namespace Mlops.Definitions;

/// <summary>"Type" of a step in SageMaker's pipeline definition schema (2020-12-01).</summary>
public static class StepTypes
{
    public const string Processing = "Processing";
    public const string Training = "Training";
    public const string Model = "Model";
    public const string RegisterModel = "RegisterModel";
    public const string Condition = "Condition";
    public const string Fail = "Fail";
    public const string Tuning = "Tuning";
    public const string Transform = "Transform";
    public const string Lambda = "Lambda";
    public const string Callback = "Callback";
    public const string Emr = "EMR";
    public const string QualityCheck = "QualityCheck";
    public const string ClarifyCheck = "ClarifyCheck";

    /// <summary>Whether a step starts a job of SageMaker's, whose result it may take from the cache ("Caching pipeline steps").</summary>
    public static bool RunsJob(string type) => type is Processing or Training or Tuning or Transform or QualityCheck or ClarifyCheck;

    /// <summary>Whether somebody else does a step's work: a function, whoever reads a queue, a cluster.</summary>
    public static bool IsExternal(string type) => type is Lambda or Callback or Emr;
}
