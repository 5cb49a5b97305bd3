"""Carries out the steps of a pipeline execution: each leaves the job, object, model or package that it would leave."""
import json
import random
import string

from moto.core.utils import unix_time_millis
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.sagemaker import models as sagemaker

import judge
import packages
import scenario
import shapes

JOB_OPERATIONS = {
    "Processing": ("CreateProcessingJob", "ProcessingJobName"),
    "QualityCheck": ("CreateProcessingJob", "ProcessingJobName"),
    "ClarifyCheck": ("CreateProcessingJob", "ProcessingJobName"),
    "Training": ("CreateTrainingJob", "TrainingJobName"),
    "Transform": ("CreateTransformJob", "TransformJobName"),
    "Tuning": ("CreateHyperParameterTuningJob", "HyperParameterTuningJobName"),
    "Model": ("CreateModel", "ModelName"),
    "RegisterModel": ("CreateModelPackage", None),
}
LOG_GROUPS = {
    "Training": "/aws/sagemaker/TrainingJobs",
    "Processing": "/aws/sagemaker/ProcessingJobs",
    "Transform": "/aws/sagemaker/TransformJobs",
}


class StepFailed(Exception):
    """The step's failure; an execution that a Fail step ended carries the step's own message."""

    def __init__(self, reason: str, metadata: dict | None = None, of_execution: str | None = None):
        super().__init__(reason)
        self.metadata, self.of_execution = metadata or {}, of_execution


class Place:
    """The account and region that an execution runs in."""

    def __init__(self, account: str, region: str):
        self.account, self.region = account, region
        self.partition = "aws-cn" if region.startswith("cn-") else "aws"

    @property
    def sagemaker(self):
        return sagemaker.sagemaker_backends[self.account][self.region]

    def arn(self, kind: str, name: str, service: str = "sagemaker") -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{kind}/{name}"

    def bucket_of(self, uri: str):
        """Buckets are one space for all accounts."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        owner = next((a for a in s3_backends if bucket in s3_backends[a][self.partition].buckets), None)
        if not uri.startswith("s3://") or owner is None:
            raise StepFailed(f"ClientError: Data download failed: NoSuchBucket (404) for '{uri}': The bucket does not exist")
        return s3_backends[owner][self.partition], bucket, key

    def write(self, uri: str, value: bytes) -> None:
        backend, bucket, key = self.bucket_of(uri)
        backend.put_object(bucket, key, value)

    def read(self, uri: str) -> bytes:
        backend, bucket, key = self.bucket_of(uri)
        found = backend.get_object(bucket, key)
        if found is None:
            raise StepFailed(f"ClientError: NoSuchKey: '{uri}' does not exist")
        return found.value

    def log(self, group: str, stream: str, lines: list[str]) -> None:
        backend = logs_backends[self.account][self.region]
        if group not in backend.groups:
            backend.create_log_group(group, {})
        backend.create_log_stream(group, stream)
        now = int(unix_time_millis())
        backend.put_log_events(group, stream, [{"timestamp": now + i, "message": line} for i, line in enumerate(lines)])


def job_name(execution_id: str, step: dict) -> str:
    suffix = "".join(random.choices(string.ascii_letters + string.digits, k=10))
    if step["Type"] == "Tuning":
        # The name of a tuning job has at most 32 characters.
        return f"{execution_id}-{step['Name'].replace('_', '-')[:8].strip('-')}-{suffix}"
    return f"pipelines-{execution_id}-{step['Name'].replace('_', '-')[:30].strip('-')}-{suffix}"


class Runner:
    """Runs single steps for an execution."""

    def __init__(self, place: Place, scope, execution_id: str, creator: dict):
        self.place, self.scope, self.execution_id, self.creator = place, scope, execution_id, creator

    def run(self, step: dict) -> dict:
        """Carries a step out, keeps its properties for later expressions and returns its metadata."""
        kind = step["Type"]
        if kind == "Condition":
            met = all([self.scope.holds(condition) for condition in step["Arguments"]["Conditions"]])
            self.scope.steps[step["Name"]] = {"Outcome": "True" if met else "False"}
            return {"Condition": {"Outcome": "True" if met else "False"}}
        arguments = self.scope.resolve(step.get("Arguments", {}))
        if kind == "Fail":
            message = str(arguments["ErrorMessage"])
            raise StepFailed(message, {"Fail": {"ErrorMessage": message}}, message)
        name = job_name(self.execution_id, step)
        arguments = self.checked(step, arguments, name)
        if kind != "RegisterModel":
            arguments = self.with_tags(arguments)
        properties, metadata = getattr(self, "_" + kind.lower(), self._other)(step, arguments, name)
        self.scope.steps[step["Name"]] = properties
        return metadata

    def checked(self, step: dict, arguments: dict, name: str) -> dict:
        """A step's arguments are those of an API operation, and the real service refuses them by its shape."""
        operation, name_member = JOB_OPERATIONS.get(step["Type"], (None, None))
        if operation is None:
            return arguments
        whole = {**arguments, name_member: name} if name_member else arguments
        shape = judge.model_of("sagemaker").operation_model(operation).input_shape
        faults: list[str] = []
        faults += shapes.faults_of(shapes.from_json(whole, shape, "", faults), shape)
        if faults:
            scenario.record_invalid("sagemaker", operation, f"arguments of step '{step['Name']}'", faults)
            raise StepFailed(f"ClientError: Failed to invoke sagemaker:{operation}. Error Details: {'; '.join(faults)}")
        return arguments

    def with_tags(self, arguments: dict) -> dict:
        """The service marks what a pipeline made."""
        own = [{"Key": "sagemaker:pipeline-execution-arn", "Value": self.scope.execution["PipelineExecutionArn"]}]
        return {**arguments, "Tags": arguments.get("Tags", []) + own}

    def _failure_of(self, step: dict) -> dict | None:
        return next((f for f in scenario.failures() if f.get("step") == step["Name"]), None)

    def _fail(self, step: dict, failure: dict, name: str, metadata: dict) -> None:
        group = LOG_GROUPS.get(step["Type"], LOG_GROUPS["Processing"])
        if failure.get("log"):
            self.place.log(group, f"{name}/algo-1-123", failure["log"])
        raise StepFailed(failure.get("reason", "AlgorithmError: exit code 1"), metadata)

    def _processing(self, step: dict, arguments: dict, name: str):
        failure = self._failure_of(step)
        job = sagemaker.FakeProcessingJob(
            app_specification=arguments.get("AppSpecification"),
            experiment_config={},
            network_config=arguments.get("NetworkConfig"),
            processing_inputs=arguments.get("ProcessingInputs", []),
            processing_job_name=name,
            processing_output_config=arguments.get("ProcessingOutputConfig"),
            account_id=self.place.account,
            region_name=self.place.region,
            role_arn=arguments.get("RoleArn"),
            tags=arguments.get("Tags", []),
            stopping_condition=arguments.get("StoppingCondition"),
        )
        # moto shows every attribute of a job by its name, so these join the description.
        job.processing_resources = arguments.get("ProcessingResources")
        job.environment = arguments.get("Environment")
        job.processing_start_time = job.creation_time
        self.place.sagemaker.processing_jobs[name] = job
        metadata = {"ProcessingJob": {"Arn": job.arn}}
        try:
            if failure:
                self._fail(step, failure, name, metadata)
            self._write_property_files(step, arguments)
        except StepFailed as failed:
            job.processing_job_status, job.failure_reason = "Failed", str(failed)
            raise StepFailed(str(failed), metadata) from failed
        job.exit_message = "Completed"
        return {**job.response_object, "ProcessingJobName": name}, metadata

    _qualitycheck = _clarifycheck = _processing

    def _write_property_files(self, step: dict, arguments: dict) -> None:
        outputs = arguments.get("ProcessingOutputConfig", {}).get("Outputs", [])
        for output in outputs:
            self.place.bucket_of(output["S3Output"]["S3Uri"])
        for file in step.get("PropertyFiles", []):
            uri = next(o["S3Output"]["S3Uri"] for o in outputs if o["OutputName"] == file["OutputName"])
            reports = scenario.get("reports")
            report = reports.get(f"{step['Name']}/{file['PropertyFileName']}", reports.get(step["Name"]))
            location = f"{uri.rstrip('/')}/{file['FilePath']}"
            self.place.write(location, json.dumps(scenario.get("report") if report is None else report).encode())
            self.scope.property_files[(step["Name"], file["PropertyFileName"])] = location

    def _training(self, step: dict, arguments: dict, name: str):
        job = self._training_job(arguments, name)
        metadata = {"TrainingJob": {"Arn": job.arn}}
        try:
            if failure := self._failure_of(step):
                self._fail(step, failure, name, metadata)
            self.place.write(job.model_artifacts["S3ModelArtifacts"], b"model")
        except StepFailed as failed:
            job.training_job_status = job.secondary_status = "Failed"
            job.failure_reason = str(failed)
            raise StepFailed(str(failed), metadata) from failed
        return job.response_object, metadata

    def _training_job(self, arguments: dict, name: str):
        algorithm = dict(arguments.get("AlgorithmSpecification", {}))
        metrics = algorithm.get("MetricDefinitions")
        job = sagemaker.FakeTrainingJob(
            account_id=self.place.account,
            region_name=self.place.region,
            training_job_name=name,
            hyper_parameters=arguments.get("HyperParameters", {}),
            algorithm_specification=algorithm,
            role_arn=arguments.get("RoleArn"),
            input_data_config=arguments.get("InputDataConfig"),
            output_data_config=arguments["OutputDataConfig"],
            resource_config=arguments.get("ResourceConfig"),
            vpc_config=arguments.get("VpcConfig"),
            stopping_condition=arguments.get("StoppingCondition"),
            tags=arguments.get("Tags", []),
            enable_network_isolation=arguments.get("EnableNetworkIsolation", False),
            enable_inter_container_traffic_encryption=arguments.get("EnableInterContainerTrafficEncryption", False),
            enable_managed_spot_training=arguments.get("EnableManagedSpotTraining", False),
            checkpoint_config=arguments.get("CheckpointConfig"),
            debug_hook_config=arguments.get("DebugHookConfig"),
            debug_rule_configurations=arguments.get("DebugRuleConfigurations"),
            tensor_board_output_config=arguments.get("TensorBoardOutputConfig"),
            experiment_config=None,
        )
        # moto makes up a metric and its definition for every job.
        job.algorithm_specification["MetricDefinitions"] = metrics or []
        job.final_metric_data_list = [
            {"MetricName": metric["Name"], "Value": 0.95, "Timestamp": job.creation_time} for metric in metrics or []
        ]
        job.environment = arguments.get("Environment")
        self.place.sagemaker.training_jobs[name] = job
        return job

    def _tuning(self, step: dict, arguments: dict, name: str):
        arn = self.place.arn("hyper-parameter-tuning-job", name)
        metadata = {"TuningJob": {"Arn": arn}}
        if failure := self._failure_of(step):
            self._fail(step, failure, name, metadata)
        definition = arguments.get("TrainingJobDefinition") or arguments["TrainingJobDefinitions"][0]
        best = self._training_job(definition, f"{name}-001-{self.execution_id[:8]}")
        self.place.write(best.model_artifacts["S3ModelArtifacts"], b"model")
        summary = {"TrainingJobName": best.training_job_name, "TrainingJobArn": best.arn, "TrainingJobStatus": "Completed"}
        properties = {"HyperParameterTuningJobName": name, "HyperParameterTuningJobArn": arn, "BestTrainingJob": summary}
        return {**properties, "TrainingJobSummaries": [summary], "HyperParameterTuningJobStatus": "Completed"}, metadata

    def _transform(self, step: dict, arguments: dict, name: str):
        arn = self.place.arn("transform-job", name)
        metadata = {"TransformJob": {"Arn": arn}}
        if failure := self._failure_of(step):
            self._fail(step, failure, name, metadata)
        self.place.bucket_of(arguments["TransformOutput"]["S3OutputPath"])
        return {**arguments, "TransformJobName": name, "TransformJobArn": arn}, metadata

    def _model(self, step: dict, arguments: dict, name: str):
        model = self.place.sagemaker.create_model(
            model_name=name,
            execution_role_arn=arguments.get("ExecutionRoleArn"),
            primary_container=arguments.get("PrimaryContainer"),
            vpc_config=arguments.get("VpcConfig"),
            containers=arguments.get("Containers"),
            tags=arguments.get("Tags"),
        )
        return {**arguments, "ModelName": name, "ModelArn": model.arn}, {"Model": {"Arn": model.arn}}

    def _registermodel(self, step: dict, arguments: dict, name: str):
        backend = self.place.sagemaker
        group = arguments.get("ModelPackageGroupName")
        # The service makes a group that is not there yet.
        if group and group.split("/")[-1] not in backend.model_package_groups:
            backend.create_model_package_group(group, "", [])
        package = packages.register(backend, arguments, self.creator, self.scope.execution["PipelineExecutionArn"])
        return packages.describe(package), {"RegisterModel": {"Arn": package.arn}}

    def _lambda(self, step: dict, arguments: dict, name: str):
        if failure := self._failure_of(step):
            raise StepFailed(failure.get("reason", "Lambda failed"), {"Lambda": {"Arn": step["FunctionArn"]}})
        values = self._outputs_of(step)
        metadata = {"Arn": self.scope.resolve(step["FunctionArn"]), "OutputParameters": _named(values)}
        return {"OutputParameters": values}, {"Lambda": metadata}

    def _callback(self, step: dict, arguments: dict, name: str):
        values = self._outputs_of(step)
        queue = self.scope.resolve(step.get("SqsQueueUrl"))
        return {"OutputParameters": values}, {
            "Callback": {"CallbackToken": name[-10:], "SqsQueueUrl": queue, "OutputParameters": _named(values)}
        }

    def _outputs_of(self, step: dict) -> dict:
        made_up = {"String": "text", "Integer": 1, "Float": 1.0, "Boolean": True}
        given = scenario.get("outputs").get(step["Name"], {})
        return {
            o["OutputName"]: given.get(o["OutputName"], made_up[o.get("OutputType", "String")])
            for o in step.get("OutputParameters", [])
        }

    def _emr(self, step: dict, arguments: dict, name: str):
        cluster = arguments.get("ClusterId") or "j-1ABCDEFGHIJKL"
        return {"ClusterId": cluster, "Id": "s-1ABCDEFGHIJKL"}, {
            "EMR": {"ClusterId": cluster, "StepId": "s-1ABCDEFGHIJKL", "StepName": step["Name"]}
        }

    def _other(self, step: dict, arguments: dict, name: str):
        return dict(arguments), {}


def _named(values: dict) -> list[dict]:
    return [{"Name": name, "Value": json.dumps(value) if isinstance(value, bool) else str(value)} for name, value in values.items()]
