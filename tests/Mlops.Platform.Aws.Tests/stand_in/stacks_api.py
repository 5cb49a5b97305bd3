"""CloudFormation's operations on the engine in stacks.py and change_sets.py."""
import json
import re
import uuid
from urllib.parse import unquote, urlsplit

from moto.cloudformation.exceptions import AlreadyExistsException
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

import change_sets
import scenario
import stacks
import steps
import templates
from templates import invalid

VIRTUAL_HOST = re.compile(r"(?P<bucket>.+)\.s3[.-].*amazonaws\.com(\.cn)?|(?P<plain>.+)\.s3\.amazonaws\.com")
BODY_LIMIT, URL_LIMIT = 51200, 1048576


class StandInCloudFormation(CloudFormationResponse):
    # Only the operations on stack sets are still moto's, and so are its objects there.
    RESPONSE_KEY_PATH_TO_TRANSFORMER = {
        path: transform
        for path, transform in CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER.items()
        if path.startswith("DescribeStackSet")
    }

    @property
    def request(self) -> dict:
        return {key: value for key, value in dict(self.params).items() if value is not None}

    @property
    def place(self) -> steps.Place:
        return steps.Place(self.current_account, self.region)

    def _stack(self) -> stacks.Stack:
        return stacks.need(self.place, self.request["StackName"])

    def _body(self, stack: stacks.Stack | None) -> str:
        request = self.request
        given = [key for key in ("TemplateBody", "TemplateURL", "UsePreviousTemplate") if request.get(key)]
        if len(given) != 1:
            raise invalid("Exactly one of TemplateBody, TemplateURL and UsePreviousTemplate must be given.")
        if given == ["UsePreviousTemplate"]:
            if stack is None or stack.body is None:
                raise invalid("There is no previous template.")
            return stack.body
        body = request["TemplateBody"] if given == ["TemplateBody"] else self._from_url(request["TemplateURL"])
        limit = BODY_LIMIT if given == ["TemplateBody"] else URL_LIMIT
        if len(body.encode()) > limit:
            raise invalid(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
                f"Member must have length less than or equal to {limit}"
            )
        return body

    def _from_url(self, url: str) -> str:
        parts = urlsplit(url)
        host, path = parts.hostname or "", unquote(parts.path.lstrip("/"))
        virtual = VIRTUAL_HOST.fullmatch(host)
        if virtual:
            location = f"{virtual.group('bucket') or virtual.group('plain')}/{path}"
        elif re.fullmatch(r"s3[.-].*amazonaws\.com(\.cn)?|s3\.amazonaws\.com|127\.0\.0\.1|localhost", host):
            location = path
        else:
            raise invalid("TemplateURL must be a supported URL.")
        try:
            return self.place.read(f"s3://{location}").decode()
        except steps.StepFailed as failed:
            raise invalid(f"S3 error: Access Denied. {failed}") from failed

    # Change sets

    def create_change_set(self) -> ActionResult:
        change_set = change_sets.create_change_set(self.place, self.request, self._body)
        return ActionResult({"Id": change_set.id, "StackId": change_set.stack.id})

    def _change_set(self) -> change_sets.ChangeSet:
        return change_sets.find_change_set(self.place, self.request["ChangeSetName"], self.request.get("StackName"))

    def describe_change_set(self) -> ActionResult:
        values = str(self.request.get("IncludePropertyValues", "")).lower() == "true"
        return ActionResult(self._change_set().describe(values))

    def delete_change_set(self) -> ActionResult:
        change_set = self._change_set()
        change_set.stack.change_sets.remove(change_set)
        return EmptyResult()

    def list_change_sets(self) -> ActionResult:
        names = ("ChangeSetId", "ChangeSetName", "StackId", "StackName", "Status", "ExecutionStatus", "CreationTime")
        names += ("Description", "StatusReason")
        found = []
        for change_set in self._stack().change_sets:
            change_set.polls += 1
            shown = change_set.describe()
            found.append({name: shown[name] for name in names if name in shown})
        return ActionResult({"Summaries": found})

    def execute_change_set(self) -> ActionResult:
        change_set = self._change_set()
        if change_set.polls > 0:
            raise change_sets.ChangeSetStatus(
                f"ChangeSet [{change_set.id}] cannot be executed in its current status of [CREATE_IN_PROGRESS]"
            )
        change_set.execute(self.request.get("ClientRequestToken"))
        return EmptyResult()

    # Stacks

    def _direct(self, kind: str) -> stacks.Stack:
        """CreateStack and UpdateStack are change sets that nobody looks at."""
        name = f"direct-{uuid.uuid4()}"
        change_set = change_sets.create_change_set(
            self.place, {**self.request, "ChangeSetName": name, "ChangeSetType": kind}, self._body
        )
        if change_set.status == "FAILED":
            change_set.stack.change_sets.remove(change_set)
            raise invalid("No updates are to be performed.")
        change_set.execute(self.request.get("ClientRequestToken"))
        change_set.stack.change_sets.remove(change_set)
        return change_set.stack

    def create_stack(self) -> ActionResult:
        if stacks.find(self.place, self.request["StackName"]):
            raise AlreadyExistsException(f"Stack [{self.request['StackName']}] already exists")
        stack = self._direct("CREATE")
        stack.protected = bool(self.request.get("EnableTerminationProtection"))
        return ActionResult({"StackId": stack.id})

    def update_stack(self) -> ActionResult:
        return ActionResult({"StackId": self._direct("UPDATE").id})

    def delete_stack(self) -> ActionResult:
        stack = stacks.find(self.place, self.request["StackName"])
        if stack is not None and not stacks.gone(stack):
            stack.token = self.request.get("ClientRequestToken")
            stack.delete(self.request.get("RetainResources", []))
        return EmptyResult()

    def update_termination_protection(self) -> ActionResult:
        stack = self._stack()
        stack.protected = bool(self.request["EnableTerminationProtection"])
        return ActionResult({"StackId": stack.id})

    def describe_stacks(self) -> ActionResult:
        if "StackName" in self.request:
            # Seen as it is, then moved on: a stack that a look has shown gone is gone by its name.
            found = [self._stack()]
        else:
            found = [s for s in stacks.of(self.place) if not stacks.gone(s)]
        shown = [described(stack) for stack in found]
        for stack in found:
            stack.poll()
        return ActionResult({"Stacks": shown})

    def list_stacks(self) -> ActionResult:
        wanted = self.request.get("StackStatusFilter", [])
        found = [s for s in stacks.of(self.place) if not wanted or s.shown_status in wanted]
        names = ("StackId", "StackName", "CreationTime", "LastUpdatedTime", "DeletionTime", "StackStatus", "StackStatusReason")
        shown = [described(s) for s in found]
        return ActionResult({"StackSummaries": [{n: s[n] for n in names if n in s} for s in shown]})

    def describe_stack_events(self) -> ActionResult:
        stack = self._stack()
        events = list(reversed(stack.shown_events))
        stack.poll()
        start = int(self.request.get("NextToken") or 0)
        result: dict = {"StackEvents": events[start : start + 100]}
        if len(events) > start + 100:
            result["NextToken"] = str(start + 100)
        return ActionResult(result)

    def get_template(self) -> ActionResult:
        if "ChangeSetName" in self.request:
            body = self._change_set().body
        else:
            body = self._stack().body or ""
        return ActionResult({"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]})

    def get_template_summary(self) -> ActionResult:
        body = self._stack().body if "StackName" in self.request else self._body(None)
        return ActionResult(summarized(templates.parse(body)))

    def validate_template(self) -> ActionResult:
        summary = summarized(templates.parse(self._body(None)))
        parameters = [
            {k: v for k, v in p.items() if k in ("ParameterKey", "DefaultValue", "NoEcho", "Description")}
            for p in summary["Parameters"]
        ]
        kept = {k: summary[k] for k in ("Description", "Capabilities") if k in summary}
        return ActionResult({"Parameters": parameters, **kept})

    # Resources

    def _resources(self, stack: stacks.Stack) -> list[dict]:
        shown = []
        for logical, made in stack.made.items():
            status, reason, moment = stack.statuses.get(logical, ("CREATE_COMPLETE", None, stack.created))
            entry = {
                "StackName": stack.name,
                "StackId": stack.id,
                "LogicalResourceId": logical,
                "PhysicalResourceId": made.physical_id,
                "ResourceType": made.kind,
                "Timestamp": moment,
                "LastUpdatedTimestamp": moment,
                "ResourceStatus": status,
                "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
            }
            shown.append({**entry, **({"ResourceStatusReason": reason} if reason else {})})
        return shown

    def list_stack_resources(self) -> ActionResult:
        return ActionResult({"StackResourceSummaries": self._resources(self._stack())})

    def describe_stack_resources(self) -> ActionResult:
        logical = self.request.get("LogicalResourceId")
        found = self._resources(self._stack())
        return ActionResult({"StackResources": [r for r in found if logical in (None, r["LogicalResourceId"])]})

    def describe_stack_resource(self) -> ActionResult:
        stack, logical = self._stack(), self.request["LogicalResourceId"]
        for entry in self._resources(stack):
            if entry["LogicalResourceId"] == logical:
                return ActionResult({"StackResourceDetail": entry})
        raise invalid(f"Resource {logical} does not exist for stack {stack.name}")

    def list_exports(self) -> ActionResult:
        found = []
        for stack in stacks.of(self.place):
            for output in stack.outputs:
                if "ExportName" in output:
                    found.append({"ExportingStackId": stack.id, "Name": output["ExportName"], "Value": output["OutputValue"]})
        return ActionResult({"Exports": found})

    # Drift: {"STACK": {"LogicalId": "MODIFIED" | "DELETED" | {"status": ..., "differences": [...]}}} in the scenario

    def detect_stack_drift(self) -> ActionResult:
        stack = self._stack()
        if stack.shown_status.endswith("_IN_PROGRESS"):
            raise invalid(f"Drift detection cannot be performed on stack [{stack.id}] in {stack.shown_status}")
        return ActionResult({"StackDriftDetectionId": f"{stack.uuid}"})

    def describe_stack_drift_detection_status(self) -> ActionResult:
        wanted = self.request["StackDriftDetectionId"]
        stack = next((s for s in stacks.of(self.place) if s.uuid == wanted), None)
        if stack is None:
            raise invalid(f"Drift detection [{wanted}] does not exist")
        drifted = [d for d in drifts(stack) if d["StackResourceDriftStatus"] in ("MODIFIED", "DELETED")]
        result = {
            "StackId": stack.id,
            "StackDriftDetectionId": wanted,
            "DetectionStatus": "DETECTION_COMPLETE",
            "StackDriftStatus": "DRIFTED" if drifted else "IN_SYNC",
            "DriftedStackResourceCount": len(drifted),
            "Timestamp": utcnow(),
        }
        return ActionResult(result)

    def detect_stack_resource_drift(self) -> ActionResult:
        found = [d for d in drifts(self._stack()) if d["LogicalResourceId"] == self.request["LogicalResourceId"]]
        if not found:
            raise invalid(f"Resource {self.request['LogicalResourceId']} does not exist")
        return ActionResult({"StackResourceDrift": found[0]})

    def describe_stack_resource_drifts(self) -> ActionResult:
        wanted = self.request.get("StackResourceDriftStatusFilters", [])
        found = [d for d in drifts(self._stack()) if not wanted or d["StackResourceDriftStatus"] in wanted]
        return ActionResult({"StackResourceDrifts": found})


def drifts(stack: stacks.Stack) -> list[dict]:
    drifted = scenario.get("drift").get(stack.name, {})
    found = []
    for logical, made in stack.made.items():
        said = drifted.get(logical, "IN_SYNC")
        said = {"status": said} if isinstance(said, str) else said
        entry = {
            "StackId": stack.id,
            "LogicalResourceId": logical,
            "PhysicalResourceId": made.physical_id,
            "ResourceType": made.kind,
            "ExpectedProperties": json.dumps(made.properties),
            "StackResourceDriftStatus": said["status"],
            "PropertyDifferences": said.get("differences", []),
            "Timestamp": utcnow(),
        }
        if said["status"] != "DELETED":
            entry["ActualProperties"] = json.dumps(made.properties)
        found.append(entry)
    return found


def described(stack: stacks.Stack) -> dict:
    shown = {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set_id,
        "Description": stack.description,
        "Parameters": [{"ParameterKey": k, "ParameterValue": _shown(stack, k, v)} for k, v in stack.texts.items()],
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted_at if stacks.gone(stack) else None,
        "StackStatus": stack.shown_status,
        "StackStatusReason": stack.reason if not stack.hidden else None,
        "DisableRollback": False,
        "NotificationARNs": stack.topics,
        "Capabilities": stack.capabilities,
        "Outputs": [] if stack.hidden else stack.outputs,
        "RoleARN": stack.role,
        "Tags": [{"Key": k, "Value": v} for k, v in stack.tags.items()],
        "EnableTerminationProtection": stack.protected,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }
    return {key: value for key, value in shown.items() if value is not None}


def _shown(stack: stacks.Stack, name: str, text: str) -> str:
    return "****" if stack.template.get("Parameters", {}).get(name, {}).get("NoEcho") else text


def summarized(template: dict) -> dict:
    parameters = []
    for name, slot in template.get("Parameters", {}).items():
        entry = {"ParameterKey": name, "ParameterType": slot["Type"], "NoEcho": bool(slot.get("NoEcho"))}
        if "Default" in slot:
            entry["DefaultValue"] = str(slot["Default"])
        if "Description" in slot:
            entry["Description"] = slot["Description"]
        if "AllowedValues" in slot:
            entry["ParameterConstraints"] = {"AllowedValues": [str(v) for v in slot["AllowedValues"]]}
        parameters.append(entry)
    summary = {"Parameters": parameters, "ResourceTypes": sorted({r["Type"] for r in template["Resources"].values()})}
    for capability in ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"):
        try:
            templates.need_capabilities(template, [])
        except templates.MissingCapabilities as missing:
            if capability in str(missing).strip("]").split("[")[-1].split(","):
                summary["Capabilities"] = [capability]
                summary["CapabilitiesReason"] = str(missing)
    if "Description" in template:
        summary["Description"] = template["Description"]
    return {**summary, "Version": template.get("AWSTemplateFormatVersion", "2010-09-09")}
