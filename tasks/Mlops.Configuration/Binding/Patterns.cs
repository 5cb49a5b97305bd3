namespace Mlops.Configuration.Binding;

/// <summary>Regular expressions that several keys share, with their meaning in words.</summary>
internal static class Patterns
{
    /// <summary>RFC 6838's names, with parameters.</summary>
    public const string Mime = "[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+(; ?[a-zA-Z0-9_.-]+=[a-zA-Z0-9_.\"-]+)*";
    public const string MimeMeaning = "a MIME type such as text/csv";

    public const string Account = "[0-9]{12}";
    public const string AccountMeaning = "an account id: 12 digits in quotes";

    /// <summary>Names that SageMaker's API takes for most of its resources.</summary>
    public const string ResourceName = "[A-Za-z0-9](-*[A-Za-z0-9])*";
    public const string ResourceNameMeaning = "letters, digits and '-'";

    public const string Email = "[^@\\s\\[\\]<>()\",;:\\\\]+@[A-Za-z0-9](-?[A-Za-z0-9])*(\\.[A-Za-z0-9](-?[A-Za-z0-9])*)+";
    public const string EmailMeaning = "an e-mail address";

    public const string JsonFile = "[A-Za-z0-9][A-Za-z0-9._-]*\\.json";
    public const string JsonFileMeaning = "a file name such as evaluation.json";

    public const string WholeGigabytes = "[0-9]+gb";
    public const string WholeGigabytesMeaning = "a size in whole gb, such as 30gb";
}
