using Mlops.Compilation.Planning;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>Component 1, model build: what lasts of it. The pipeline itself is sent by publishing, so that an edit never waits for a stack.</summary>
internal static class BuildStack
{
    public const string Template = StackContract.BuildTemplate;

    private const string ExecutionRole = StackContract.RoleOutput;

    public static StackTemplate Make(ModelPlan plan)
    {
        var template = new StackTemplate($"{plan.ModelName}: model build (bucket, registry, roles, retraining, notifications).");
        if (plan.Aws.KmsKey is { } key)
            template.Parameter(Permissions.KeyParameter, "The key that encrypts what is written.", key);
        Storage.Add(template, plan);
        Sharing.Add(template, plan);
        if (plan.MakesContainer)
            ProgramRepository.Add(template, plan);
        var role = AddExecutionRole(template, plan);
        Personas.Add(template, plan, role);
        Notifications.Add(template, plan);
        Retraining.Add(template, plan);
        return template.WithoutUnused();
    }

    /// <returns>The role's ARN as ${...} names it.</returns>
    private static string AddExecutionRole(StackTemplate template, ModelPlan plan)
    {
        if (plan.Aws.ExecutionRole is { } given)
        {
            if (plan.Operations.Access.ContainsKey("ml_engineer"))
                template.Parameter(StackContract.RoleParameter, "The role of the pipeline and its jobs, which is there.", given);
            return $"${{{StackContract.RoleParameter}}}";
        }

        // The role's ARN stands in its own policy: by its name, since a resource cannot refer to itself.
        var name = $"{plan.ModelName}-execution-${{AWS::Region}}";
        var self = $"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name}";
        Roles.Add(template, ExecutionRole, Roles.ServiceTrust("sagemaker.amazonaws.com"), "Runs the pipeline and its jobs.", new ExecutionPermissions(plan, Storage.Name(plan)).All(self), plan.Aws.PermissionsBoundary, Cfn.Sub(name));
        template.Output(ExecutionRole, "The role of the pipeline and its jobs.", Cfn.GetAtt(ExecutionRole, "Arn"));
        return $"${{{ExecutionRole}.Arn}}";
    }
}
