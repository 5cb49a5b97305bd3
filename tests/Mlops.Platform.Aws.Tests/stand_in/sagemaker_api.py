"""SageMaker's operations that moto lacks or answers otherwise than the service does."""
import json
import uuid

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.sagemaker import models as sagemaker
from moto.sagemaker.exceptions import AWSValidationException, ResourceNotFound
from moto.sagemaker.responses import SageMakerResponse
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse
from moto.sts.models import sts_backends

import executions
import packages
import scenario
import steps


def definition_from_s3(location: dict, account_id: str, partition: str) -> str:
    """moto parses the object, and then answers Python's notation of it in place of the JSON."""
    place = steps.Place(account_id, "us-east-1" if partition == "aws" else "cn-north-1")
    try:
        return place.read(f"s3://{location['Bucket']}/{location['ObjectKey']}").decode()
    except steps.StepFailed as failed:
        raise AWSValidationException(f"Unable to read the pipeline's definition: {failed}") from failed


def page(items: list, request: dict, size: int = 100) -> tuple[list, str | None]:
    start = int(request.get("NextToken") or 0)
    end = start + int(request.get("MaxResults") or size)
    return items[start:end], str(end) if end < len(items) else None


def paged(name: str, items: list, request: dict) -> ActionResult:
    chosen, token = page(items, request)
    return ActionResult({name: chosen, **({"NextToken": token} if token else {})})


class StandInSageMaker(SageMakerResponse):
    @property
    def request(self) -> dict:
        return {key: value for key, value in dict(self.params).items() if value is not None}

    @property
    def place(self) -> steps.Place:
        return steps.Place(self.current_account, self.region)

    @property
    def caller(self) -> dict:
        principal, arn, _ = sts_backends[self.current_account][self.partition].get_caller_identity(
            self.get_access_key(), self.region
        )
        return {"IamIdentity": {"Arn": arn, "PrincipalId": principal}}

    # Pipelines and their executions

    def _pipeline(self, name: str):
        name = name.split("/")[-1] if name.startswith("arn:") else name
        pipeline = self.sagemaker_backend.pipelines.get(name)
        if pipeline is None:
            raise ResourceNotFound(f"Pipeline '{self.place.arn('pipeline', name)}' does not exist.")
        return pipeline

    def create_pipeline(self) -> ActionResult:
        result = super().create_pipeline()
        self._check_definition(self._pipeline(self.request["PipelineName"]))
        return result

    def update_pipeline(self) -> ActionResult:
        pipeline = self._pipeline(self.request["PipelineName"])
        result = super().update_pipeline()
        self._check_definition(pipeline)
        pipeline.last_modified_time, pipeline.last_modified_by = utcnow(), self.caller
        return result

    def _check_definition(self, pipeline) -> None:
        try:
            document = json.loads(pipeline.pipeline_definition)
            holds = document["Version"] == "2020-12-01" and isinstance(document["Steps"], list)
        except (ValueError, KeyError, TypeError):
            holds = False
        if not holds:
            raise AWSValidationException("Unable to parse pipeline definition.")

    def describe_pipeline(self) -> ActionResult:
        self._pipeline(self.request["PipelineName"])
        return super().describe_pipeline()

    def delete_pipeline(self) -> ActionResult:
        pipeline = self._pipeline(self.request["PipelineName"])
        for execution in executions.of_pipeline(pipeline.arn):
            del executions.by_arn[execution.arn]
        return super().delete_pipeline()

    def start_pipeline_execution(self) -> ActionResult:
        pipeline = self._pipeline(self.request["PipelineName"])
        execution = executions.start(self.place, pipeline, self.request, self.caller)
        return ActionResult({"PipelineExecutionArn": execution.arn})

    def describe_pipeline_execution(self) -> ActionResult:
        execution = executions.find(self.request["PipelineExecutionArn"])
        execution.poll()
        return ActionResult(execution.describe())

    def list_pipeline_executions(self) -> ActionResult:
        request = self.request
        found = executions.of_pipeline(self._pipeline(request["PipelineName"]).arn)
        if request.get("SortOrder", "Descending") == "Descending":
            found.reverse()
        found = [
            e
            for e in found
            if ("CreatedAfter" not in request or e.created > packages.naive(request["CreatedAfter"]))
            and ("CreatedBefore" not in request or e.created < packages.naive(request["CreatedBefore"]))
        ]
        return paged("PipelineExecutionSummaries", [e.summary() for e in found], request)

    def list_pipeline_execution_steps(self) -> ActionResult:
        execution = executions.find(self.request["PipelineExecutionArn"])
        shown = list(execution.shown)
        if self.request.get("SortOrder", "Descending") == "Descending":
            shown.reverse()
        return paged("PipelineExecutionSteps", shown, self.request)

    def list_pipeline_parameters_for_execution(self) -> ActionResult:
        execution = executions.find(self.request["PipelineExecutionArn"])
        return paged("PipelineParameters", execution.request.get("PipelineParameters", []), self.request)

    def describe_pipeline_definition_for_execution(self) -> ActionResult:
        execution = executions.find(self.request["PipelineExecutionArn"])
        return ActionResult({"PipelineDefinition": execution.definition, "CreationTime": execution.created})

    def stop_pipeline_execution(self) -> ActionResult:
        execution = executions.find(self.request["PipelineExecutionArn"])
        execution.stop(self.caller)
        return ActionResult({"PipelineExecutionArn": execution.arn})

    def describe_processing_job(self) -> ActionResult:
        if self.request["ProcessingJobName"] not in self.sagemaker_backend.processing_jobs:
            raise ResourceNotFound("Requested resource not found.")
        return super().describe_processing_job()

    def describe_training_job(self) -> ActionResult:
        if self.request["TrainingJobName"] not in self.sagemaker_backend.training_jobs:
            raise AWSValidationException("Requested resource not found.")
        return super().describe_training_job()

    # Model packages

    def create_model_package_group(self) -> ActionResult:
        name = self.request["ModelPackageGroupName"]
        if name in self.sagemaker_backend.model_package_groups:
            arn = self.place.arn("model-package-group", name)
            raise AWSValidationException(f"Model Package Group already exists: {arn}")
        result = super().create_model_package_group()
        self.sagemaker_backend.model_package_groups[name].created_by = self.caller
        return result

    def describe_model_package_group(self) -> ActionResult:
        group = self.sagemaker_backend.describe_model_package_group(self.request["ModelPackageGroupName"].split("/")[-1])
        return ActionResult({**group.gen_response_object(), "CreatedBy": group.created_by})

    def delete_model_package_group(self) -> ActionResult:
        packages.delete_group(self.sagemaker_backend, self.request["ModelPackageGroupName"])
        return EmptyResult()

    def create_model_package(self) -> ActionResult:
        package = packages.register(self.sagemaker_backend, self.request, self.caller)
        return ActionResult({"ModelPackageArn": package.arn})

    def describe_model_package(self) -> ActionResult:
        package = packages.find(self.request["ModelPackageName"], self.sagemaker_backend)
        return ActionResult(packages.describe(package))

    def update_model_package(self) -> ActionResult:
        package = packages.find(self.request["ModelPackageArn"], self.sagemaker_backend)
        packages.update(package, self.request, self.caller)
        return ActionResult({"ModelPackageArn": package.arn})

    def delete_model_package(self) -> ActionResult:
        packages.delete(self.sagemaker_backend, self.request["ModelPackageName"])
        return EmptyResult()

    def list_model_packages(self) -> ActionResult:
        found = packages.listed(self.sagemaker_backend, self.request)
        return paged("ModelPackageSummaryList", found, self.request)

    # Endpoints

    def _endpoint(self, name: str):
        endpoint = self.sagemaker_backend.endpoints.get(name)
        if endpoint is None:
            raise AWSValidationException(f'Could not find endpoint "{self.place.arn("endpoint", name)}".')
        return endpoint

    def create_endpoint(self) -> ActionResult:
        if self.request["EndpointName"] in self.sagemaker_backend.endpoints:
            arn = self.place.arn("endpoint", self.request["EndpointName"])
            raise AWSValidationException(f'Cannot create already existing endpoint "{arn}".')
        result = super().create_endpoint()
        self._endpoint(self.request["EndpointName"]).endpoint_status = "Creating"
        return result

    def update_endpoint(self) -> ActionResult:
        request = self.request
        endpoint = self._endpoint(request["EndpointName"])
        if endpoint.endpoint_status not in ("InService", "UpdateRollbackFailed"):
            raise AWSValidationException(f'Cannot update in-progress endpoint "{endpoint.arn}".')
        reconfigure(self.sagemaker_backend, endpoint, request["EndpointConfigName"], request.get("DeploymentConfig"))
        endpoint.endpoint_status = "Updating"
        return ActionResult({"EndpointArn": endpoint.arn})

    def describe_endpoint(self) -> ActionResult:
        endpoint = self._endpoint(self.request["EndpointName"])
        shown = dict(endpoint.response_object)
        capture = shown.pop("DataCaptureConfig", None)
        if capture:
            # A description sums the configuration up under other names.
            shown["DataCaptureConfig"] = {
                "EnableCapture": capture.get("EnableCapture", False),
                "CaptureStatus": "Started" if capture.get("EnableCapture") else "Stopped",
                "CurrentSamplingPercentage": capture.get("InitialSamplingPercentage", 100),
                "DestinationS3Uri": capture.get("DestinationS3Uri"),
                "KmsKeyId": capture.get("KmsKeyId", ""),
            }
        if endpoint.endpoint_status in ("Creating", "Updating"):
            endpoint.endpoint_status, endpoint.last_modified_time = "InService", utcnow()
        return ActionResult(shown)

    def delete_endpoint(self) -> ActionResult:
        self._endpoint(self.request["EndpointName"])
        return super().delete_endpoint()

    # Tags

    def _tagged(self):
        arn = self.request["ResourceArn"]
        kind, _, name = arn.split(":", 5)[5].partition("/")
        found = None
        if kind == "model-package":
            found = packages.find(arn, self.sagemaker_backend)
        elif kind == "pipeline" and "/execution/" in name:
            found = executions.find(arn)
        elif kind:
            try:
                found = self.sagemaker_backend._get_resource_from_arn(arn)
            except (AttributeError, ValueError):
                found = None
        if found is None:
            raise ResourceNotFound(f"Could not find resource {arn}.")
        found.tags = list(getattr(found, "tags", None) or [])
        return found

    def add_tags(self) -> ActionResult:
        resource = self._tagged()
        kept = {tag["Key"]: tag for tag in [*resource.tags, *self.request["Tags"]]}
        resource.tags = list(kept.values())
        return ActionResult({"Tags": resource.tags})

    def list_tags(self) -> ActionResult:
        return paged("Tags", self._tagged().tags, self.request)

    def delete_tags(self) -> ActionResult:
        resource = self._tagged()
        resource.tags = [tag for tag in resource.tags if tag["Key"] not in self.request["TagKeys"]]
        return EmptyResult()


def reconfigure(backend, endpoint, config_name: str, deployment: dict | None = None) -> None:
    config = backend.describe_endpoint_config(config_name)
    endpoint.endpoint_config_name = config_name
    endpoint.production_variants = endpoint._process_production_variants(config["ProductionVariants"])
    endpoint.data_capture_config = config.get("DataCaptureConfig") or {}
    endpoint.last_deployment_config = deployment
    endpoint.last_modified_time = utcnow()


class StandInRuntime(SageMakerRuntimeResponse):
    @property
    def backend(self):
        return sagemaker.sagemaker_backends[self.current_account][self.region]

    def _error(self, status: int, kind: str, body: dict):
        return status, {"status": status, "x-amzn-ErrorType": kind, "Content-Type": "application/json"}, json.dumps(body)

    def _missing(self, name: str):
        message = f"Endpoint {name} of account {self.current_account} not found."
        return self._error(400, "ValidationError", {"Message": message, "message": message})

    def invoke_endpoint(self):
        name = self.path.split("/")[2]
        endpoint = self.backend.endpoints.get(name)
        if endpoint is None:
            return self._missing(name)
        variants = [variant["VariantName"] for variant in endpoint.production_variants]
        variant = self.headers.get("X-Amzn-SageMaker-Target-Variant", variants[0])
        if variant not in variants:
            message = f"Variant {variant} not found for Endpoint {name} of account {self.current_account}"
            return self._error(400, "ValidationError", {"Message": message, "message": message})
        prediction = scenario.next_prediction()
        if prediction["status"] >= 400:
            return self._model_error(name, variant, prediction)
        headers = {"Content-Type": prediction["content_type"], "x-Amzn-Invoked-Production-Variant": variant}
        return 200, headers, prediction["body"]

    def _model_error(self, name: str, variant: str, prediction: dict):
        logs = f"https://{self.region}.console.aws.amazon.com/cloudwatch/home#logEventViewer:group=/aws/sagemaker/Endpoints/{name}"
        kind = "server" if prediction["status"] >= 500 else "client"
        message = (
            f"Received {kind} error ({prediction['status']}) from {variant} with message \"{prediction['body']}\". "
            f"See {logs} in account {self.current_account} for more information."
        )
        body = {
            "ErrorCode": f"{kind.upper()}_ERROR_FROM_MODEL",
            "LogStreamArn": f"arn:aws:logs:{self.region}:{self.current_account}:log-group:/aws/sagemaker/Endpoints/{name}",
            "Message": message,
            "OriginalMessage": prediction["body"],
            "OriginalStatusCode": prediction["status"],
        }
        return self._error(424, "ModelError", body)

    def invoke_endpoint_async(self):
        name = self.path.split("/")[2]
        if name not in self.backend.endpoints:
            return self._missing(name)
        source = self.headers["X-Amzn-SageMaker-InputLocation"]
        bucket = source.removeprefix("s3://").split("/")[0]
        inference = self.headers.get("X-Amzn-SageMaker-Inference-Id") or str(uuid.uuid4())
        output, failure = f"s3://{bucket}/async/{inference}.out", f"s3://{bucket}/async/{inference}-error.out"
        prediction = scenario.next_prediction()
        place = steps.Place(self.current_account, self.region)
        try:
            place.read(source)
            place.write(output if prediction["status"] < 400 else failure, prediction["body"].encode())
        except steps.StepFailed as failed:
            return self._error(400, "ValidationError", {"Message": str(failed), "message": str(failed)})
        headers = {
            "status": 202,
            "Content-Type": "application/json",
            "X-Amzn-SageMaker-OutputLocation": output,
            "X-Amzn-SageMaker-FailureLocation": failure,
        }
        return 202, headers, json.dumps({"InferenceId": inference})


