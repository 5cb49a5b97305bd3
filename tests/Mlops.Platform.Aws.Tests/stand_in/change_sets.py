"""Change sets and their execution. moto's own make no difference between replacing and changing, leave out events of
resources, mix up change sets of the same name and know nothing of rollbacks, so this is an engine of its own."""
import copy
import json
import uuid

from moto.cloudformation.exceptions import AlreadyExistsException, CloudFormationError
from moto.core.utils import utcnow

import resources
import scenario
import steps
import templates
from stacks import Stack, all_stacks, find, need, of, remove
from templates import invalid

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "ROLLBACK_FAILED")
# What a resource's change consists of besides its properties.
SCOPES = ("Metadata", "DeletionPolicy", "UpdateReplacePolicy")


class ChangeSetMissing(CloudFormationError):
    code = "ChangeSetNotFound"


class ChangeSetStatus(CloudFormationError):
    code = "InvalidChangeSetStatus"


class Change:
    def __init__(self, action: str, logical: str, kind: str, made=None, names=(), replacing=(), scopes=(), wanted=None):
        self.action, self.logical, self.kind, self.made = action, logical, kind, made
        self.wanted = wanted or {}
        self.names, self.replacing, self.scopes = list(names), list(replacing), list(scopes)

    def describe(self, values: bool) -> dict:
        shown: dict = {"Action": self.action, "LogicalResourceId": self.logical, "ResourceType": self.kind, "Scope": self.scopes}
        if self.made:
            shown["PhysicalResourceId"] = self.made.physical_id
        if self.action == "Remove":
            retained = self.made.definition.get("DeletionPolicy") == "Retain"
            shown["PolicyAction"] = "Retain" if retained else "Delete"
        if self.action == "Modify":
            shown["Replacement"] = "True" if self.replacing else "False"
            if self.replacing:
                retained = self.made.definition.get("UpdateReplacePolicy") == "Retain"
                shown["PolicyAction"] = "ReplaceAndRetain" if retained else "ReplaceAndDelete"
            shown["Details"] = [detail for name in self.names for detail in self._details(name, values)]
        return {"Type": "Resource", "ResourceChange": shown}

    def _details(self, name: str, values: bool):
        recreation = "Always" if name in self.replacing else "Never"
        target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation}
        leaves = _leaves(f"/Properties/{name}", self.made.properties.get(name), self.wanted.get(name)) if values else [None]
        for leaf in leaves:
            shown = dict(target)
            if leaf:
                path, before, after = leaf
                kind = "Add" if before is None else "Remove" if after is None else "Modify"
                shown |= {"Path": path, "AttributeChangeType": kind}
                shown |= {k: _text(v) for k, v in (("BeforeValue", before), ("AfterValue", after)) if v is not None}
            yield {"Target": shown, "Evaluation": "Static", "ChangeSource": "DirectModification"}


def _leaves(path: str, before, after):
    """The places at which two values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield from _leaves(f"{path}/{key}", before.get(key), after.get(key))
    else:
        yield path, before, after


def _text(value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class ChangeSet:
    def __init__(self, stack: Stack, request: dict, body: str, kind: str):
        self.stack, self.request, self.body, self.kind = stack, request, body, kind
        self.name, self.token = request["ChangeSetName"], request.get("ClientToken")
        self.id = stack.place.arn("changeSet", f"{self.name}/{uuid.uuid4()}", "cloudformation")
        self.created, self.polls = utcnow(), scenario.get("change_set_polls")
        self.template = templates.parse(body)
        templates.need_capabilities(self.template, request.get("Capabilities", []))
        self.texts = templates.parameter_texts(self.template, request.get("Parameters", []), stack.texts)
        self.tags = {t["Key"]: t["Value"] for t in request["Tags"]} if "Tags" in request else dict(stack.tags)
        self.imported = {r["LogicalResourceId"]: r["ResourceIdentifier"] for r in request.get("ResourcesToImport", [])}
        self.status, self.reason, self.execution, self.executed_by = "CREATE_COMPLETE", None, "AVAILABLE", None
        self.changes = self.plan()
        if kind == "IMPORT":
            self._check_import()
        if not self.changes and self._nothing_else():
            self.status, self.reason, self.execution = "FAILED", NO_CHANGES, "UNAVAILABLE"

    def _check_import(self) -> None:
        """"Resource import": nothing else changes, each keeps its policy, and is named by its primary identifier."""
        others = [change.logical for change in self.changes if change.action != "Import"]
        if others:
            raise invalid(f"You have modified resources {others} in your template that are not being imported. Update, create or delete operations cannot be executed during import operations.")
        if self.template.get("Outputs", {}) != (self.stack.template or {}).get("Outputs", {}):
            raise invalid("As part of the import operation, you cannot modify or add [Outputs]")
        for logical, identifier in self.imported.items():
            resource = self.template["Resources"][logical]
            if "DeletionPolicy" not in resource:
                raise invalid(f"Resources {[logical]} is missing DeletionPolicy attribute in template.")
            if list(identifier) != [resources.PRIMARY_IDENTIFIER[resource["Type"]]]:
                raise invalid(f"Invalid resource identifier keys {list(identifier)} for {resource['Type']}")

    def _nothing_else(self) -> bool:
        return self.stack.body is not None and self.stack.template.get("Outputs") == self.template.get("Outputs")

    def poll(self) -> bool:
        """Whether the service is still working on it."""
        self.polls -= 1
        return self.polls >= 0

    def plan(self) -> list[Change]:
        context = self.stack.context(self.template, self.texts)
        active = context.active()
        retagged = self.stack.body is not None and self.tags != self.stack.tags
        changes = []
        for logical in templates.in_order(active):
            resource, made = active[logical], self.stack.made.get(logical)
            properties = context.resolve(resource.get("Properties", {}))
            change = self._change(logical, resource, made, properties, retagged)
            context.made[logical] = None if change and (not made or change.replacing) else made
            if change:
                changes.append(change)
        self._check_outputs(context)
        gone = [n for n in self.stack.made if n not in active]
        return changes + [Change("Remove", n, self.stack.made[n].kind, self.stack.made[n]) for n in gone]

    def _check_outputs(self, context: templates.Context) -> None:
        for output in self.template.get("Outputs", {}).values():
            if "Condition" not in output or context.condition(output["Condition"]):
                context.resolve(output["Value"])

    def _change(self, logical: str, resource: dict, made, properties: dict, retagged: bool) -> Change | None:
        kind = resource["Type"]
        if made is None:
            return Change("Import" if logical in self.imported else "Add", logical, kind)
        if made.kind != kind:
            raise invalid(f"Update of resource type is not permitted. The new template modifies resource type of: [{logical}]")
        names = resources.changed(made.properties, properties)
        scopes = ["Properties"] if names else []
        scopes += [s for s in SCOPES if made.definition.get(s) != resource.get(s)]
        scopes += ["Tags"] if retagged and "Tags" not in scopes else []
        if not scopes:
            return None
        return Change("Modify", logical, kind, made, names, resources.replaces(kind, names), scopes, properties)

    def describe(self, values: bool = False) -> dict:
        working = self.poll()
        shown = {
            "ChangeSetName": self.name,
            "ChangeSetId": self.id,
            "StackId": self.stack.id,
            "StackName": self.stack.name,
            "Description": self.request.get("Description"),
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in self.texts.items()],
            "CreationTime": self.created,
            "ExecutionStatus": "UNAVAILABLE" if working else self.execution,
            "Status": "CREATE_IN_PROGRESS" if working else self.status,
            "StatusReason": None if working else self.reason,
            "Capabilities": self.request.get("Capabilities", []),
            "Tags": [{"Key": k, "Value": v} for k, v in self.tags.items()],
            "Changes": [] if working else [change.describe(values) for change in self.changes],
            "IncludeNestedStacks": False,
        }
        return {key: value for key, value in shown.items() if value is not None}

    def execute(self, token: str | None) -> None:
        if self.executed_by and token and self.executed_by == token:
            return
        if self.execution != "AVAILABLE":
            raise ChangeSetStatus(
                f"ChangeSet [{self.id}] cannot be executed in its current execution status of [{self.execution}]"
            )
        self.execution, self.executed_by = "EXECUTE_COMPLETE", token or "none"
        # The others were made against the stack as it was.
        self.stack.change_sets = [self]
        self.stack.token = token
        Execution(self).run()


class Execution:
    """Carries a change set out and takes it back when a resource fails."""

    def __init__(self, change_set: ChangeSet):
        self.change_set, self.stack = change_set, change_set.stack
        self.first = self.stack.body is None
        self.undo: list = []
        self.replaced: list = []
        self.made = dict(self.stack.made)
        self.maker = self.stack.maker(change_set.tags)

    def run(self) -> None:
        stack, change_set = self.stack, self.change_set
        verb = "IMPORT" if change_set.kind == "IMPORT" else "CREATE" if self.first else "UPDATE"
        stack.event(f"{verb}_IN_PROGRESS", "User Initiated")
        mark = len(stack.events)
        stack.topics = change_set.request.get("NotificationARNs", stack.topics)
        context = stack.context(change_set.template, change_set.texts)
        context.made = self.made
        failure = self._work(context)
        if failure:
            self._roll_back(failure, mark)
            return
        stack.made, stack.body, stack.template = self.made, change_set.body, change_set.template
        stack.texts, stack.tags = change_set.texts, change_set.tags
        stack.capabilities = change_set.request.get("Capabilities", [])
        stack.role = change_set.request.get("RoleARN", stack.role)
        stack.description, stack.change_set_id = change_set.template.get("Description"), change_set.id
        stack.updated = None if self.first else utcnow()
        stack.show_outputs(context)
        on_the_way = [f"{verb}_IN_PROGRESS"]
        if verb == "UPDATE":
            stack.event("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            on_the_way.append("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self._clean_up()
        stack.event(f"{verb}_COMPLETE")
        stack.hide(*on_the_way, events=mark)

    def _work(self, context: templates.Context) -> tuple | None:
        """The logical name and reason of a failure, if one came up."""
        # What is imported is there: a failure waits for what is made.
        planned = None if self.change_set.kind == "IMPORT" else scenario.take_stack_failure(self.stack.name)
        changes = [change for change in self.change_set.changes if change.action != "Remove"]
        for change in changes:
            resource = self.change_set.template["Resources"][change.logical]
            forced = self._forced(planned, change, changes)
            try:
                self._apply(change, resource, context.resolve(resource.get("Properties", {})), forced)
            except Exception as error:
                status = "UPDATE_FAILED" if change.action == "Modify" else "CREATE_FAILED"
                self.stack.event(status, str(error), change.logical, change.made, change.kind)
                return change.logical, str(error), "update" if change.action == "Modify" else "create"
        return None

    @staticmethod
    def _forced(planned, change: Change, changes: list[Change]) -> str | None:
        """The scenario's reason, at the resource it names or else at the last one, so that others must be undone."""
        if planned is None:
            return None
        where, reason = (planned.get("resource"), planned["reason"]) if isinstance(planned, dict) else (None, planned)
        return reason if change.logical == (where or changes[-1].logical) else None

    def _apply(self, change: Change, resource: dict, properties: dict, forced: str | None) -> None:
        logical, old = change.logical, self.made.get(change.logical)
        if change.action == "Import":
            self._import(logical, resource, properties)
            return
        verb = "CREATE" if old is None else "UPDATE"
        again = "Requested update requires the creation of a new physical resource; hence creating one."
        self.stack.event(f"{verb}_IN_PROGRESS", again if change.replacing else None, logical, old, change.kind)
        if forced:
            raise resources.Failed(forced)
        if old is None or change.replacing:
            own = resources.name_property(change.kind)
            if old is not None and own in properties and properties[own] == old.properties.get(own):
                raise resources.Failed(
                    "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                    f"Rename {properties[own]} and update the stack again."
                )
            if old is None and (name := self.maker.existing(change.kind, properties)):
                if not self._adopts(resource):
                    raise resources.Failed(f"Resource of type '{change.kind}' with identifier '{name}' already exists.")
                self.change_set.imported[logical] = {"Name": name}
                self._import(logical, resource, properties)
                return
            new = self.maker.create(logical, change.kind, properties)
            self.undo.append((logical, new, old, None))
            if old is not None:
                self.replaced.append((logical, old))
        else:
            new = copy.copy(old)
            if change.names or "Tags" in change.scopes:
                self.maker.update(new, properties)
            self.undo.append((logical, None, old, old.properties))
        new.definition = copy.deepcopy(resource)
        self.made[logical] = new
        if verb == "CREATE":
            self.stack.event("CREATE_IN_PROGRESS", "Resource creation Initiated", logical, new)
        self.stack.event(f"{verb}_COMPLETE", None, logical, new)

    def _adopts(self, resource: dict) -> bool:
        """ImportExistingResources takes what an earlier stack retained, and only what this one would retain, too: under a name without functions, by an identifier that is not read-only."""
        wanted = str(self.change_set.request.get("ImportExistingResources", "")).lower() == "true"
        retained = resource.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")
        named = isinstance(resource["Properties"].get(resources.name_property(resource["Type"])), str)
        return wanted and retained and named and resource["Type"] not in resources.READ_ONLY_IDENTIFIER

    def _import(self, logical: str, resource: dict, properties: dict) -> None:
        identifier = next(iter(self.change_set.imported[logical].values()))
        physical = identifier
        attributes = {}
        if resource["Type"] == "AWS::SageMaker::ModelPackageGroup":
            physical = identifier if identifier.startswith("arn:") else self.stack.place.arn("model-package-group", identifier)
            attributes = {"ModelPackageGroupArn": physical}
        new = resources.Made(resource["Type"], physical, attributes)
        new.properties, new.definition = properties, copy.deepcopy(resource)
        self.made[logical] = new
        self.stack.event("IMPORT_IN_PROGRESS", "Resource import started.", logical, new)
        self.stack.event("IMPORT_COMPLETE", "Resource import completed.", logical, new)

    def _clean_up(self) -> None:
        for logical, old in reversed(self.replaced):
            if old.definition.get("UpdateReplacePolicy") == "Retain":
                self.stack.event("DELETE_SKIPPED", None, logical, old)
            else:
                remove(self.stack, logical, old)
        for change in self.change_set.changes:
            if change.action == "Remove":
                self.made.pop(change.logical, None)
                if change.made.definition.get("DeletionPolicy") == "Retain":
                    self.stack.event("DELETE_SKIPPED", None, change.logical, change.made)
                else:
                    remove(self.stack, change.logical, change.made)

    def _roll_back(self, failure: tuple, mark: int) -> None:
        stack, (logical, _, verb) = self.stack, failure
        mode = self.change_set.request.get("OnStackFailure", "ROLLBACK")
        self.change_set.execution = "EXECUTE_FAILED"
        reason = f"The following resource(s) failed to {verb}: [{logical}]. "
        if self.first and mode == "DO_NOTHING":
            stack.made, stack.body, stack.template = self.made, self.change_set.body, self.change_set.template
            stack.event("CREATE_FAILED", reason)
            stack.hide("CREATE_IN_PROGRESS", events=mark)
            return
        prefix = "ROLLBACK" if self.first else "UPDATE_ROLLBACK"
        stack.event(f"{prefix}_IN_PROGRESS", reason + "Rollback requested by user.")
        for name, new, old, before in reversed(self.undo):
            if new is not None:
                remove(stack, name, new)
            else:
                stack.maker().update(old, before)
                stack.event("UPDATE_COMPLETE", None, name, old)
        if self.first:
            # It can only be deleted now, but it keeps what it was asked for.
            stack.body, stack.template, stack.texts = self.change_set.body, self.change_set.template, self.change_set.texts
            stack.tags = self.change_set.tags
        stack.event(f"{prefix}_COMPLETE")
        stack.hide("CREATE_IN_PROGRESS" if self.first else "UPDATE_IN_PROGRESS", f"{prefix}_IN_PROGRESS", events=mark)
        if self.first and mode == "DELETE":
            stack.delete()


def create_change_set(place: steps.Place, request: dict, body_of) -> ChangeSet:
    kind, name = request.get("ChangeSetType", "UPDATE"), request["StackName"]
    stack = find(place, name)
    body = body_of(stack)
    if kind == "CREATE" and stack is not None and stack.shown_status != "REVIEW_IN_PROGRESS":
        raise invalid(f"Stack [{stack.name}] already exists and cannot be created again with the changeSet [{request['ChangeSetName']}].")
    if kind == "UPDATE" and stack is None:
        raise invalid(f"Stack [{name}] does not exist")
    if kind == "UPDATE" and stack.shown_status not in UPDATABLE:
        raise invalid(f"Stack:{stack.id} is in {stack.shown_status} state and can not be updated.")
    same = next((c for c in stack.change_sets if c.name == request["ChangeSetName"]), None) if stack else None
    if same is not None:
        if same.token and same.token == request.get("ClientToken"):
            return same
        raise AlreadyExistsException(f"ChangeSet {same.name} cannot be created due to a conflict with an existing change set")
    fresh = stack is None
    stack = stack or Stack(place, name)
    try:
        change_set = ChangeSet(stack, request, body, kind)
    except Exception:
        if fresh:
            all_stacks.remove(stack)
        raise
    if fresh:
        stack.event("REVIEW_IN_PROGRESS", "User Initiated")
        stack.tags = dict(change_set.tags)
    stack.change_sets.append(change_set)
    return change_set


def find_change_set(place: steps.Place, name: str, stack_name: str | None) -> ChangeSet:
    if stack_name:
        need(place, stack_name)
    for stack in of(place):
        for change_set in stack.change_sets:
            if change_set.id == name or (change_set.name == name and stack_name in (stack.name, stack.id)):
                return change_set
    raise ChangeSetMissing(f"ChangeSet [{name}] does not exist")
