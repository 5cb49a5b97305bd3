"""Stacks: their states, events and outputs. What makes and changes them is in change_sets.py."""
import uuid

from moto.core.utils import utcnow

import maker
import resources
import scenario
import steps
import templates
from templates import invalid

all_stacks: list["Stack"] = []


class Stack:
    def __init__(self, place: steps.Place, name: str):
        self.place, self.name, self.uuid = place, name, str(uuid.uuid4())
        self.id = place.arn("stack", f"{name}/{self.uuid}", "cloudformation")
        self.status, self.reason, self.body = "REVIEW_IN_PROGRESS", "User Initiated", None
        self.template: dict = {}
        self.texts: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.made: dict[str, resources.Made] = {}
        self.outputs: list[dict] = []
        self.events: list[dict] = []
        self.change_sets: list = []
        self.created, self.updated, self.deleted_at = utcnow(), None, None
        self.protected, self.capabilities, self.role, self.topics = False, [], None, []
        self.description = self.change_set_id = None
        self.statuses: dict[str, tuple] = {}
        # What the clients do not see yet: the statuses on the way, then the events that belong to the last one.
        self.hidden: list[str] = []
        self.hidden_from: int | None = None
        all_stacks.append(self)

    # What the clients see

    def poll(self) -> None:
        """Each look at the stack lets one status on the way pass."""
        if self.hidden:
            self.hidden.pop(0)
        if not self.hidden:
            self.hidden_from = None

    @property
    def shown_status(self) -> str:
        return self.hidden[0] if self.hidden else self.status

    @property
    def shown_events(self) -> list[dict]:
        return self.events[: self.hidden_from] if self.hidden else self.events

    def hide(self, *on_the_way: str, events: int) -> None:
        polls = scenario.get("stack_polls")
        self.hidden = [on_the_way[min(i * len(on_the_way) // max(polls, 1), len(on_the_way) - 1)] for i in range(polls)]
        self.hidden_from = events if polls else None

    def event(self, status: str, reason: str | None = None, logical: str | None = None, made=None, kind=None, token=None):
        now = utcnow()
        entry = {
            "StackId": self.id,
            "EventId": str(uuid.uuid4()),
            "StackName": self.name,
            "LogicalResourceId": logical or self.name,
            "PhysicalResourceId": made.physical_id if made else "" if logical else self.id,
            "ResourceType": kind or (made.kind if made else "AWS::CloudFormation::Stack"),
            "Timestamp": now,
            "ResourceStatus": status,
        }
        if reason:
            entry["ResourceStatusReason"] = reason
        if token or self.token:
            entry["ClientRequestToken"] = token or self.token
        self.events.append(entry)
        if logical:
            self.statuses[logical] = (status, reason, now)
        else:
            self.status, self.reason = status, reason

    token: str | None = None

    # Working on templates

    def context(self, template: dict, texts: dict) -> templates.Context:
        pseudo = {
            "AWS::AccountId": self.place.account,
            "AWS::Region": self.place.region,
            "AWS::StackId": self.id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::Partition": self.place.partition,
            "AWS::NotificationARNs": self.topics,
        }
        return templates.Context(template, texts, pseudo, exports(self.place))

    def maker(self, tags: dict | None = None) -> maker.Maker:
        own = {"aws:cloudformation:stack-name": self.name, "aws:cloudformation:stack-id": self.id}
        return maker.Maker(self.place, self.id, self.name, {**(self.tags if tags is None else tags), **own})

    def show_outputs(self, context: templates.Context) -> None:
        self.outputs = []
        for name, output in self.template.get("Outputs", {}).items():
            if "Condition" in output and not context.condition(output["Condition"]):
                continue
            shown = {"OutputKey": name, "OutputValue": str(context.resolve(output["Value"]))}
            if "Description" in output:
                shown["Description"] = output["Description"]
            if "Export" in output:
                shown["ExportName"] = context.resolve(output["Export"]["Name"])
            self.outputs.append(shown)

    def delete(self, retained: list[str] = ()) -> None:
        if self.protected:
            raise invalid(f"Stack [{self.name}] cannot be deleted while TerminationProtection is enabled")
        self.event("DELETE_IN_PROGRESS", "User Initiated")
        mark = len(self.events)
        failed = []
        for logical in reversed(templates.in_order({n: m.definition for n, m in self.made.items()})):
            if logical in retained or self.made[logical].definition.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate"):
                self.event("DELETE_SKIPPED", None, logical, self.made[logical])
                self.made.pop(logical)
            elif not remove(self, logical, self.made[logical]):
                failed.append(logical)
            else:
                self.made.pop(logical)
        if failed:
            self.event("DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}]. ")
        else:
            self.event("DELETE_COMPLETE")
            self.deleted_at, self.outputs = utcnow(), []
        self.hide("DELETE_IN_PROGRESS", events=mark)


def remove(stack: Stack, logical: str, made: resources.Made) -> bool:
    stack.event("DELETE_IN_PROGRESS", None, logical, made)
    try:
        stack.maker().delete(made)
    except Exception as error:
        stack.event("DELETE_FAILED", str(error), logical, made)
        return False
    stack.event("DELETE_COMPLETE", None, logical, made)
    return True


# Finding and forcing


def of(place: steps.Place) -> list[Stack]:
    return [s for s in all_stacks if (s.place.account, s.place.region) == (place.account, place.region)]


def gone(stack: Stack) -> bool:
    return stack.shown_status == "DELETE_COMPLETE"


def find(place: steps.Place, name: str) -> Stack | None:
    for stack in of(place):
        if stack.id == name or (stack.name == name and not gone(stack)):
            return stack
    return None


def need(place: steps.Place, name: str) -> Stack:
    stack = find(place, name)
    if stack is None:
        raise invalid(f"Stack with id {name} does not exist")
    return stack


def exports(place: steps.Place) -> dict[str, str]:
    return {o["ExportName"]: o["OutputValue"] for s in of(place) if not gone(s) for o in s.outputs if "ExportName" in o}


def force() -> None:
    """Puts existing stacks into the states that the scenario names."""
    for name, wanted in scenario.get("stacks").items():
        found = [s for s in all_stacks if s.name == name and s.status != "DELETE_COMPLETE"]
        if not found:
            raise LookupError(f"there is no stack '{name}' to be put into {wanted}")
        for stack in found:
            stack.hidden = []
            stack.event(wanted["status"], wanted.get("reason"))


def clear() -> None:
    all_stacks.clear()
