"""The expressions of a pipeline definition (version 2020-12-01) and their values in an execution."""
import json
import re

PART = re.compile(r"\.?([A-Za-z0-9_-]+)|\[(?:'([^']*)'|\"([^\"]*)\"|(\d+))\]")
COMPARISONS = {
    "Equals": lambda left, right: left == right,
    "GreaterThan": lambda left, right: left > right,
    "GreaterThanOrEqualTo": lambda left, right: left >= right,
    "LessThan": lambda left, right: left < right,
    "LessThanOrEqualTo": lambda left, right: left <= right,
}


class Unresolved(Exception):
    """An expression that has no value: the step that holds it fails."""


def parts_of(path: str) -> list:
    parts, at = [], 0
    while at < len(path):
        match = PART.match(path, at)
        if not match:
            raise Unresolved(f"'{path}' is no path")
        plain, single, double, index = match.groups()
        parts.append(int(index) if index is not None else next(p for p in (plain, single, double) if p is not None))
        at = match.end()
    return parts


def follow(value, path: str, parts: list):
    for part in parts:
        value = _member(value, path, part)
    return value


def _member(value, path: str, part):
    if isinstance(value, dict) and part in value:
        return value[part]
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    if isinstance(value, list):
        # Outputs, inputs and metrics are lists whose items are addressed by their names.
        for item in value:
            if isinstance(item, dict) and part in (item.get(k) for k in item if k.endswith("Name")):
                return item
    raise Unresolved(f"'{path}' has no value: there is no '{part}'")


class Scope:
    """The values that one execution's expressions draw on."""

    def __init__(self, parameters: dict, execution: dict, read_object):
        self.parameters, self.execution, self.read_object = parameters, execution, read_object
        self.steps: dict[str, dict] = {}
        self.property_files: dict[tuple[str, str], str] = {}

    def resolve(self, value):
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Get"}:
            return self._get(value["Get"])
        if set(value) == {"Std:Join"}:
            join = value["Std:Join"]
            return join["On"].join(text_of(self.resolve(item)) for item in join["Values"])
        if set(value) == {"Std:JsonGet"}:
            return self._json_get(value["Std:JsonGet"])
        return {key: self.resolve(item) for key, item in value.items()}

    def _get(self, path: str):
        root, _, rest = path.partition(".")
        if root == "Parameters":
            return _member(self.parameters, path, rest)
        if root == "Execution":
            return _member(self.execution, path, rest)
        if root == "PipelineExperimentConfig":
            return _member(self.execution["PipelineExperimentConfig"], path, rest)
        if root == "Steps":
            step, *parts = parts_of(rest)
            if step not in self.steps:
                raise Unresolved(f"'{path}' has no value: step '{step}' has not run")
            return follow(self.steps[step], path, parts)
        raise Unresolved(f"'{path}' is not known")

    def _json_get(self, get: dict):
        if "PropertyFile" in get:
            _, step, _, name = (get["PropertyFile"]["Get"]).split(".")
            if (step, name) not in self.property_files:
                raise Unresolved(f"step '{step}' has no property file '{name}'")
            location = self.property_files[(step, name)]
        else:
            location = self.resolve(get["S3Uri"])
        path = self.resolve(get["Path"])
        return follow(json.loads(self.read_object(location)), f"{location}: {path}", parts_of(path))

    def holds(self, condition: dict) -> bool:
        kind = condition["Type"]
        if kind == "Not":
            return not self.holds(condition.get("Expression") or condition["Condition"])
        if kind == "Or":
            return any([self.holds(inner) for inner in condition["Conditions"]])
        if kind == "In":
            return self.resolve(condition["QueryValue"]) in self.resolve(condition["Values"])
        left, right = self.resolve(condition["LeftValue"]), self.resolve(condition["RightValue"])
        if kind not in COMPARISONS:
            raise Unresolved(f"there is no condition '{kind}'")
        if _kind(left) != _kind(right) or (kind != "Equals" and _kind(left) != "number"):
            raise Unresolved(f"{left!r} and {right!r} cannot be compared by {kind}")
        return COMPARISONS[kind](left, right)


def _kind(value) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def text_of(value) -> str:
    return json.dumps(value) if isinstance(value, (bool, dict, list)) else str(value)


def references(value) -> set[str]:
    """The steps that a value draws on."""
    if isinstance(value, list):
        return set().union(*(references(item) for item in value))
    if not isinstance(value, dict):
        return set()
    found = set().union(*(references(item) for item in value.values()))
    if isinstance(value.get("Get"), str) and value["Get"].startswith("Steps."):
        found.add(value["Get"].split(".")[1].partition("[")[0])
    return found


def nested_names(step: dict) -> set[str]:
    names = {step["Name"]}
    for key in ("IfSteps", "ElseSteps"):
        for inner in step.get("Arguments", {}).get(key, []) if step["Type"] == "Condition" else []:
            names |= nested_names(inner)
    return names


def depended_on(step: dict) -> set[str]:
    names = references(step.get("Arguments", {})) | set(step.get("DependsOn", []))
    for key in ("IfSteps", "ElseSteps"):
        for inner in step.get("Arguments", {}).get(key, []) if step["Type"] == "Condition" else []:
            names |= depended_on(inner)
    return names - nested_names(step)


def in_order(steps: list[dict]) -> list[dict]:
    """The steps so that each comes after those it draws on; the order of the document decides between equals."""
    holders = {name: step["Name"] for step in steps for name in nested_names(step)}
    ordered, placed, waiting = [], set(), list(steps)
    while waiting:
        ready = next(
            (s for s in waiting if {holders.get(n, "") for n in depended_on(s)} - {""} <= placed), None
        )
        if ready is None:
            raise Unresolved(f"the steps {[s['Name'] for s in waiting]} depend on each other")
        waiting.remove(ready)
        ordered.append(ready)
        placed.add(ready["Name"])
    return ordered
