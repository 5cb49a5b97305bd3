"""What the tests ask the stand-in to do, and the faults it has found so far."""
import copy
import itertools
import threading

DEFAULTS = {
    "polls": 2,
    "stack_polls": 1,
    "change_set_polls": 1,
    "report": {"accuracy": 0.95, "metrics": {"accuracy": {"value": 0.95}}},
    "reports": {},
    "outputs": {},
    "fail": [],
    "deny": [],
    "predictions": {"status": 200, "content_type": "text/csv", "body": "0\n"},
    "stacks": {},
    "fail_stack": {},
    "drift": {},
}

# moto's backends are plain dictionaries without locks, so requests are carried out one at a time.
lock = threading.RLock()
invalid: list[dict] = []
requests: list[dict] = []
numbers = itertools.count(1)
_current = copy.deepcopy(DEFAULTS)


class UnknownKey(Exception):
    """A scenario with a misspelt key would quietly test nothing."""


def replace(new: dict, keep: bool = False) -> None:
    unknown = set(new) - set(DEFAULTS)
    if unknown:
        raise UnknownKey(f"unknown keys: {sorted(unknown)}; known are {sorted(DEFAULTS)}")
    base = _current if keep else DEFAULTS
    _set({**copy.deepcopy(base), **copy.deepcopy(new)})


def _set(value: dict) -> None:
    global _current
    _current = value


def get(key: str):
    return _current[key]


def failures() -> list[dict]:
    fail = _current["fail"]
    return fail if isinstance(fail, list) else [fail]


def take_stack_failure(name: str) -> str | None:
    """The reason that the next execution on this stack fails with; it holds once."""
    return _current["fail_stack"].pop(name, None)


def next_prediction() -> dict:
    """A list of predictions is used up in order; its last one stays."""
    predictions = _current["predictions"]
    if isinstance(predictions, list):
        chosen = predictions.pop(0) if len(predictions) > 1 else predictions[0]
    else:
        chosen = predictions
    return {**DEFAULTS["predictions"], **chosen}


def record_invalid(service: str, operation: str, reason: str, faults: list[str], n: int | None = None) -> None:
    invalid.append({"n": n, "service": service, "operation": operation, "reason": reason, "faults": faults})
