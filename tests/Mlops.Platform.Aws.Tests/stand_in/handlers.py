"""The resources whose making moto's CloudFormation lacks or gets wrong."""
import json

from moto.cloudwatch.models import cloudwatch_backends
from moto.sagemaker import models as sagemaker
from moto.sns.models import sns_backends

import packages
import sagemaker_api
import steps
from resources import Failed, Made


def _taken(maker, kind: str, name: str) -> None:
    raise Failed(f"{name} already exists (Service: SageMaker, resource type {kind}) (HandlerErrorCode: AlreadyExists)")


def create_model(maker, logical: str, name: str, properties: dict) -> Made:
    backend = maker.place.sagemaker
    request = maker.checked("CreateModel", {**properties, "ModelName": name, "Tags": maker.tag_list(properties)}, "AWS::SageMaker::Model")
    if name in backend._models:
        _taken(maker, "AWS::SageMaker::Model", name)
    for container in [request.get("PrimaryContainer"), *request.get("Containers", [])]:
        if container and "ModelPackageName" in container:
            try:
                package = packages.find(container["ModelPackageName"], backend)
            except Exception as error:
                raise Failed(f"Could not find model package '{container['ModelPackageName']}'. {error}") from error
            # "For versioned models, the value of this parameter must be set to Approved to deploy the model" (CreateModelPackage, ModelApprovalStatus).
            if package.model_package_type == "Versioned" and package.model_approval_status != "Approved":
                raise Failed(f"Model package '{container['ModelPackageName']}' is {package.model_approval_status}.")
    model = backend.create_model(
        model_name=name,
        execution_role_arn=request.get("ExecutionRoleArn"),
        primary_container=request.get("PrimaryContainer"),
        vpc_config=request.get("VpcConfig"),
        containers=request.get("Containers"),
        tags=request.get("Tags"),
    )
    model.enable_network_isolation = request.get("EnableNetworkIsolation", False)
    return Made("AWS::SageMaker::Model", model.arn, {"ModelName": name})


def create_endpoint_config(maker, logical: str, name: str, properties: dict) -> Made:
    backend = maker.place.sagemaker
    request = {**properties, "EndpointConfigName": name, "Tags": maker.tag_list(properties)}
    request = maker.checked("CreateEndpointConfig", request, "AWS::SageMaker::EndpointConfig")
    if name in backend.endpoint_configs:
        _taken(maker, "AWS::SageMaker::EndpointConfig", name)
    for variant in request["ProductionVariants"] + request.get("ShadowProductionVariants", []):
        if "ModelName" in variant and variant["ModelName"] not in backend._models:
            raise Failed(f'Could not find model "{maker.place.arn("model", variant["ModelName"])}".')
    config = sagemaker.FakeEndpointConfig(
        account_id=maker.place.account,
        region_name=maker.place.region,
        endpoint_config_name=name,
        production_variants=request["ProductionVariants"],
        async_inference_config=request.get("AsyncInferenceConfig"),
        data_capture_config=request.get("DataCaptureConfig"),
        tags=request.get("Tags"),
        kms_key_id=request.get("KmsKeyId"),
    )
    # moto shows every attribute by its name, so these join the description.
    config.shadow_production_variants = request.get("ShadowProductionVariants")
    config.explainer_config = request.get("ExplainerConfig")
    backend.endpoint_configs[name] = config
    return Made("AWS::SageMaker::EndpointConfig", config.endpoint_config_arn, {"EndpointConfigName": name})


def create_endpoint(maker, logical: str, name: str, properties: dict) -> Made:
    backend = maker.place.sagemaker
    names = ("EndpointConfigName", "DeploymentConfig")
    request = {key: properties[key] for key in names if key in properties}
    request = maker.checked("CreateEndpoint", {**request, "EndpointName": name}, "AWS::SageMaker::Endpoint")
    if name in backend.endpoints:
        raise Failed(f'Cannot create already existing endpoint "{maker.place.arn("endpoint", name)}".')
    try:
        endpoint = backend.create_endpoint(name, request["EndpointConfigName"], maker.tag_list(properties))
    except Exception as error:
        raise Failed(str(error)) from error
    return Made("AWS::SageMaker::Endpoint", endpoint.arn, {"EndpointName": name})


def update_endpoint(maker, made: Made, properties: dict) -> None:
    backend = maker.place.sagemaker
    endpoint = backend.endpoints.get(made.attributes["EndpointName"])
    if endpoint is None:
        raise Failed(f'Could not find endpoint "{made.physical_id}".')
    request = {"EndpointName": endpoint.endpoint_name, "EndpointConfigName": properties["EndpointConfigName"]}
    if "DeploymentConfig" in properties:
        request["DeploymentConfig"] = properties["DeploymentConfig"]
    request = maker.checked("UpdateEndpoint", request, made.kind)
    sagemaker_api.reconfigure(backend, endpoint, request["EndpointConfigName"], request.get("DeploymentConfig"))
    endpoint.tags = maker.tag_list(properties)


def create_group(maker, logical: str, name: str, properties: dict) -> Made:
    backend = maker.place.sagemaker
    request = {k: v for k, v in properties.items() if k != "ModelPackageGroupPolicy"}
    request = {**request, "ModelPackageGroupName": name, "Tags": maker.tag_list(properties)}
    request = maker.checked("CreateModelPackageGroup", request, "AWS::SageMaker::ModelPackageGroup")
    if name in backend.model_package_groups:
        raise Failed(f"Model Package Group already exists: {maker.place.arn('model-package-group', name)}")
    arn = backend.create_model_package_group(name, request.get("ModelPackageGroupDescription"), request["Tags"])
    return Made("AWS::SageMaker::ModelPackageGroup", arn, {"ModelPackageGroupArn": arn})


def _definition(maker, properties: dict) -> str:
    definition = properties["PipelineDefinition"]
    if "PipelineDefinitionBody" in definition:
        body = definition["PipelineDefinitionBody"]
        return body if isinstance(body, str) else json.dumps(body)
    location = definition["PipelineDefinitionS3Location"]
    try:
        return maker.place.read(f"s3://{location['Bucket']}/{location['Key']}").decode()
    except steps.StepFailed as failed:
        raise Failed(str(failed)) from failed


def create_pipeline(maker, logical: str, name: str, properties: dict) -> Made:
    backend = maker.place.sagemaker
    if name in backend.pipelines:
        _taken(maker, "AWS::SageMaker::Pipeline", name)
    backend.create_pipeline(
        pipeline_name=name,
        pipeline_display_name=properties.get("PipelineDisplayName"),
        pipeline_definition=_definition(maker, properties),
        pipeline_definition_s3_location=None,
        pipeline_description=properties.get("PipelineDescription"),
        role_arn=properties["RoleArn"],
        tags=maker.tag_list(properties),
        parallelism_configuration=properties.get("ParallelismConfiguration"),
    )
    return Made("AWS::SageMaker::Pipeline", name, {"Arn": maker.place.arn("pipeline", name)})


def update_pipeline(maker, made: Made, properties: dict) -> None:
    pipeline = maker.place.sagemaker.pipelines[made.physical_id]
    pipeline.pipeline_definition = _definition(maker, properties)
    pipeline.role_arn = properties["RoleArn"]
    pipeline.pipeline_description = properties.get("PipelineDescription")


def create_alarm(maker, logical: str, name: str, properties: dict) -> Made:
    backend = cloudwatch_backends[maker.place.account][maker.place.region]
    alarm = backend.put_metric_alarm(
        name=name,
        namespace=properties.get("Namespace"),
        metric_name=properties.get("MetricName"),
        comparison_operator=properties["ComparisonOperator"],
        evaluation_periods=int(properties["EvaluationPeriods"]),
        period=int(properties.get("Period", 60)),
        threshold=float(properties.get("Threshold", 0)),
        statistic=properties.get("Statistic"),
        extended_statistic=properties.get("ExtendedStatistic"),
        description=properties.get("AlarmDescription", ""),
        dimensions=properties.get("Dimensions", []),
        alarm_actions=properties.get("AlarmActions", []),
        treat_missing_data=properties.get("TreatMissingData"),
    )
    return Made("AWS::CloudWatch::Alarm", name, {"Arn": alarm.alarm_arn})


def update_alarm(maker, made: Made, properties: dict) -> None:
    create_alarm(maker, "", made.physical_id, properties)


def create_subscription(maker, logical: str, name: str, properties: dict) -> Made:
    backend = sns_backends[maker.place.account][maker.place.region]
    subscription = backend.subscribe(properties["TopicArn"], properties["Endpoint"], properties["Protocol"])
    return Made("AWS::SNS::Subscription", subscription.arn, {"Arn": subscription.arn})


def _drop(attribute: str):
    def delete(maker, made: Made) -> None:
        getattr(maker.place.sagemaker, attribute).pop(made.physical_id.split("/")[-1], None)

    return delete


def delete_alarm(maker, made: Made) -> None:
    cloudwatch_backends[maker.place.account][maker.place.region].delete_alarms([made.physical_id])


def delete_group(maker, made: Made) -> None:
    try:
        packages.delete_group(maker.place.sagemaker, made.physical_id)
    except Exception as error:
        raise Failed(str(error)) from error


CREATE = {
    "AWS::SageMaker::Model": create_model,
    "AWS::SageMaker::EndpointConfig": create_endpoint_config,
    "AWS::SageMaker::Endpoint": create_endpoint,
    "AWS::SageMaker::ModelPackageGroup": create_group,
    "AWS::SageMaker::Pipeline": create_pipeline,
    "AWS::CloudWatch::Alarm": create_alarm,
    "AWS::SNS::Subscription": create_subscription,
}
UPDATE = {
    "AWS::SageMaker::Endpoint": update_endpoint,
    "AWS::SageMaker::Pipeline": update_pipeline,
    "AWS::SageMaker::ModelPackageGroup": lambda maker, made, properties: None,
    "AWS::SageMaker::Model": lambda maker, made, properties: None,
    "AWS::SageMaker::EndpointConfig": lambda maker, made, properties: None,
    "AWS::CloudWatch::Alarm": update_alarm,
}
DELETE = {
    "AWS::SageMaker::Model": _drop("_models"),
    "AWS::SageMaker::EndpointConfig": _drop("endpoint_configs"),
    "AWS::SageMaker::Endpoint": _drop("endpoints"),
    "AWS::SageMaker::ModelPackageGroup": delete_group,
    "AWS::SageMaker::Pipeline": _drop("pipelines"),
    "AWS::CloudWatch::Alarm": delete_alarm,
    "AWS::SNS::Subscription": lambda maker, made: sns_backends[maker.place.account][maker.place.region].unsubscribe(made.physical_id),
}
