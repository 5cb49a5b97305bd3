"""Executions of pipelines: they stay Executing for some polls and carry out their steps bit by bit meanwhile."""
import json
import random
import string

from moto.core.utils import utcnow
from moto.sagemaker.exceptions import AWSValidationException, ResourceNotFound

import expressions
import scenario
import steps as carried

CONVERT = {
    "String": str,
    "Integer": int,
    "Float": float,
    "Boolean": lambda text: {"true": True, "false": False}[str(text).lower()],
}
by_arn: dict[str, "Execution"] = {}


class Execution:
    def __init__(self, place: carried.Place, pipeline, request: dict, creator: dict):
        self.id = "".join(random.choices(string.ascii_lowercase + string.digits, k=12))
        self.place, self.pipeline, self.request, self.creator = place, pipeline, request, creator
        self.arn = f"{pipeline.arn}/execution/{self.id}"
        self.definition = pipeline.pipeline_definition
        self.document = json.loads(self.definition)
        self.status, self.failure, self.polls, self.total_polls = "Executing", None, 0, scenario.get("polls")
        self.created = self.modified = utcnow()
        self.modifier = creator
        self.shown: list[dict] = []
        self.scope = expressions.Scope(self._parameters(), self._variables(), place.read)
        experiment = self.document.get("PipelineExperimentConfig") or {}
        self.experiment = self.scope.execution["PipelineExperimentConfig"] = self.scope.resolve(experiment)
        self.waiting = expressions.in_order(self._chosen(request.get("SelectiveExecutionConfig")))
        self.runner = carried.Runner(place, self.scope, self.id, creator)

    def _parameters(self) -> dict:
        declared = {parameter["Name"]: parameter for parameter in self.document.get("Parameters", [])}
        given = {p["Name"]: p["Value"] for p in self.request.get("PipelineParameters", [])}
        unknown = sorted(set(given) - set(declared))
        if unknown:
            raise AWSValidationException(f"Parameters {unknown} are not declared by the pipeline.")
        missing = sorted(n for n, p in declared.items() if n not in given and "DefaultValue" not in p)
        if missing:
            raise AWSValidationException(f"Parameters {missing} have no default value and none was given.")
        return {name: _value(parameter, given.get(name)) for name, parameter in declared.items()}

    def _variables(self) -> dict:
        return {
            "StartDateTime": self.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "CurrentDateTime": self.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "PipelineName": self.pipeline.pipeline_name,
            "PipelineArn": self.pipeline.arn,
            "PipelineExecutionId": self.id,
            "PipelineExecutionArn": self.arn,
        }

    def _chosen(self, selective: dict | None) -> list[dict]:
        """The steps that run. Those that do not have their results of another execution, as far as it has any."""
        steps = self.document["Steps"]
        if selective is None:
            return steps
        names = [step["StepName"] for step in selective["SelectedSteps"]]
        unknown = sorted(set(names) - {step["Name"] for step in steps})
        if unknown:
            raise AWSValidationException(f"Selected steps {unknown} are no steps of the pipeline.")
        source = by_arn.get(selective.get("SourcePipelineExecutionArn"))
        if "SourcePipelineExecutionArn" in selective and (source is None or source.status not in ("Succeeded", "Failed")):
            raise AWSValidationException("The source pipeline execution must have Succeeded or Failed.")
        chosen = [step for step in steps if step["Name"] in names]
        running = {inner["Name"] for step in chosen for inner in _with_nested(step)}
        for entry in source.shown if source else []:
            if entry["StepName"] not in running and entry["StepName"] in source.scope.steps:
                self.scope.steps[entry["StepName"]] = source.scope.steps[entry["StepName"]]
                self.shown.append({**entry, "SelectiveExecutionResult": {"SourcePipelineExecutionArn": source.arn}})
        return chosen

    def poll(self) -> None:
        if self.status != "Executing":
            return
        self.polls += 1
        # One that is under way can be told to end sooner.
        self.total_polls = min(self.total_polls, scenario.get("polls"))
        if self.polls > self.total_polls:
            self._advance(len(self.waiting))
            self._end("Failed" if self.failure else "Succeeded")
        else:
            total = len(self.waiting) + sum(1 for s in self.shown if s["StepStatus"] != "Executing" and "SelectiveExecutionResult" not in s)
            done = (self.polls - 1) * total // self.total_polls
            self._advance(done - (total - len(self.waiting)))
            if self.waiting and not self.failure and not any(s["StepStatus"] == "Executing" for s in self.shown):
                self._show(self.waiting[0])

    def _end(self, status: str) -> None:
        self.status, self.modified = status, utcnow()
        for step in self.shown:
            if step["StepStatus"] == "Executing":
                step.update(StepStatus="Stopped" if status == "Stopped" else "Failed", EndTime=utcnow())

    def stop(self, modifier: dict) -> None:
        if self.status != "Executing":
            raise AWSValidationException(f"Pipeline execution {self.arn} is {self.status} and cannot be stopped.")
        self.modifier = modifier
        self._end("Stopped")

    def _advance(self, count: int) -> None:
        for _ in range(max(count, 0)):
            if self.failure:
                return
            self._run(self.waiting.pop(0))

    def _show(self, step: dict) -> dict:
        entry = next((s for s in self.shown if s["StepName"] == step["Name"]), None)
        if entry is None:
            entry = {"StepName": step["Name"], "StartTime": utcnow(), "StepStatus": "Executing", "AttemptCount": 1}
            entry.update({f"Step{key}": step[key] for key in ("DisplayName", "Description") if step.get(key)})
            self.shown.append(entry)
        return entry

    def _run(self, step: dict) -> None:
        entry = self._show(step)
        try:
            entry["Metadata"] = self.runner.run(step)
            entry.update(StepStatus="Succeeded", EndTime=utcnow())
        except (carried.StepFailed, expressions.Unresolved) as failed:
            entry.update(StepStatus="Failed", EndTime=utcnow(), FailureReason=str(failed))
            entry["Metadata"] = getattr(failed, "metadata", {})
            of_execution = getattr(failed, "of_execution", None)
            self.failure = of_execution or "Step failure: One or multiple steps failed."
            return
        if step["Type"] == "Condition":
            met = entry["Metadata"]["Condition"]["Outcome"] == "True"
            # A branch's steps come next, before whatever waits for the condition.
            chosen = step["Arguments"].get("IfSteps" if met else "ElseSteps", [])
            for inner in expressions.in_order(chosen):
                if not self.failure:
                    self._run(inner)

    def summary(self) -> dict:
        shown = {
            "PipelineExecutionArn": self.arn,
            "StartTime": self.created,
            "PipelineExecutionStatus": self.status,
            "PipelineExecutionDisplayName": self.request.get("PipelineExecutionDisplayName"),
            "PipelineExecutionDescription": self.request.get("PipelineExecutionDescription"),
        }
        if self.status == "Failed":
            shown["PipelineExecutionFailureReason"] = self.failure
        return {key: value for key, value in shown.items() if value is not None}

    def describe(self) -> dict:
        shown = {
            "PipelineArn": self.pipeline.arn,
            **{k: v for k, v in self.summary().items() if k not in ("StartTime", "PipelineExecutionFailureReason")},
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "CreatedBy": self.creator,
            "LastModifiedBy": self.modifier,
        }
        if self.experiment:
            shown["PipelineExperimentConfig"] = self.experiment
        if self.status == "Failed":
            shown["FailureReason"] = self.failure
        if self.request.get("SelectiveExecutionConfig"):
            shown["SelectiveExecutionConfig"] = self.request["SelectiveExecutionConfig"]
        if self.request.get("ParallelismConfiguration"):
            shown["ParallelismConfiguration"] = self.request["ParallelismConfiguration"]
        return shown


def _with_nested(step: dict) -> list[dict]:
    branches = [inner for branch in ("IfSteps", "ElseSteps") for inner in step["Arguments"].get(branch, [])] if step["Type"] == "Condition" else []
    return [step, *(found for inner in branches for found in _with_nested(inner))]


def _value(parameter: dict, given: str | None):
    value = parameter.get("DefaultValue") if given is None else given
    try:
        value = CONVERT[parameter["Type"]](value)
    except (ValueError, KeyError) as error:
        raise AWSValidationException(f"Parameter {parameter['Name']}: '{value}' is no {parameter['Type']}.") from error
    if parameter.get("EnumValues") and value not in parameter["EnumValues"]:
        raise AWSValidationException(f"Parameter {parameter['Name']}: '{value}' is none of {parameter['EnumValues']}.")
    return value


def start(place: carried.Place, pipeline, request: dict, creator: dict) -> Execution:
    token = request.get("ClientRequestToken")
    for execution in by_arn.values():
        if execution.pipeline.arn == pipeline.arn and execution.request.get("ClientRequestToken") == token:
            return execution
    try:
        execution = Execution(place, pipeline, request, creator)
    except (expressions.Unresolved, KeyError) as error:
        raise AWSValidationException(f"The pipeline's definition does not hold: {error}") from error
    by_arn[execution.arn] = execution
    pipeline.last_execution_time = execution.created
    return execution


def find(arn: str) -> Execution:
    if arn not in by_arn:
        raise ResourceNotFound(f"Pipeline execution with arn {arn} does not exist.")
    return by_arn[arn]


def of_pipeline(arn: str) -> list[Execution]:
    return [execution for execution in by_arn.values() if execution.pipeline.arn == arn]
