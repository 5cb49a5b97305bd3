"""Values against the shapes of botocore's service models."""
import base64
import binascii
import datetime
import functools
import re

from botocore.validate import ParamValidator


def faults_of(value, shape) -> list[str]:
    report = ParamValidator().validate(value, shape)
    faults = [report.generate_report()] if report.has_errors() else []
    _check(value, shape, shape.name, faults)
    return faults


def from_json(value, shape, where: str, faults: list[str]):
    """Brings a value from its form on the wire to the form that botocore's validator expects."""
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return value
    if kind == "structure" and isinstance(value, dict):
        by_name = {m.serialization.get("name", n): (n, m) for n, m in shape.members.items()}
        result = {}
        for name, item in value.items():
            if item is None:
                continue
            member, member_shape = by_name.get(name, (name, None))
            result[member] = item if member_shape is None else from_json(item, member_shape, f"{where}.{name}", faults)
        return result
    if kind == "list" and isinstance(value, list):
        return [from_json(item, shape.member, f"{where}[{i}]", faults) for i, item in enumerate(value)]
    if kind == "map" and isinstance(value, dict):
        return {key: from_json(item, shape.value, f"{where}.{key}", faults) for key, item in value.items()}
    if kind == "timestamp":
        return _timestamp(value, where, faults)
    if kind == "blob":
        return _blob(value, where, faults)
    return value


def _timestamp(value, where: str, faults: list[str]):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        faults.append(f"{where}: a timestamp must be a number, not {value!r}")
        return datetime.datetime.now(datetime.timezone.utc)
    return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)


def _blob(value, where: str, faults: list[str]):
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, binascii.Error):
        faults.append(f"{where}: not base64")
        return b""


def from_text(text: str, shape, where: str, faults: list[str]):
    """A scalar as it stands in a form, a query or a header."""
    try:
        if shape.type_name in ("integer", "long"):
            return int(text)
        if shape.type_name in ("float", "double"):
            return float(text)
        if shape.type_name == "boolean":
            return {"true": True, "false": False}[text]
        if shape.type_name == "timestamp":
            return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        if shape.type_name == "blob":
            return base64.b64decode(text, validate=True)
    except (ValueError, KeyError, binascii.Error):
        faults.append(f"{where}: {text!r} is no {shape.type_name}")
    return text


def _check(value, shape, where: str, faults: list[str]) -> None:
    """What botocore's validator leaves out: unknown members, patterns, enums and both ends of a range."""
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return
    _check_range(value, shape, where, faults)
    if kind == "structure" and isinstance(value, dict):
        for name, item in value.items():
            if name not in shape.members:
                faults.append(f"{where}.{name}: unknown member")
            else:
                _check(item, shape.members[name], f"{where}.{name}", faults)
    elif kind == "list" and isinstance(value, list):
        for i, item in enumerate(value):
            _check(item, shape.member, f"{where}[{i}]", faults)
    elif kind == "map" and isinstance(value, dict):
        for key, item in value.items():
            _check(key, shape.key, f"{where} key", faults)
            _check(item, shape.value, f"{where}.{key}", faults)
    elif kind == "string" and isinstance(value, str):
        _check_text(value, shape, where, faults)


def _check_range(value, shape, where: str, faults: list[str]) -> None:
    numeric = shape.type_name in ("integer", "long", "float", "double")
    sized = isinstance(value, (str, bytes, list, dict))
    if not (isinstance(value, (int, float)) if numeric else sized):
        return
    size = value if numeric else len(value)
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < float(low):
        faults.append(f"{where}: {size} is below the minimum {low}")
    if high is not None and size > float(high):
        faults.append(f"{where}: {size} is above the maximum {high}")


def _check_text(value: str, shape, where: str, faults: list[str]) -> None:
    enum, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if enum and value not in enum:
        faults.append(f"{where}: {value!r} is none of {enum}")
    if pattern:
        compiled = _compiled(pattern)
        if compiled and not compiled.fullmatch(value):
            faults.append(f"{where}: {value!r} does not match {pattern}")


@functools.cache
def _compiled(pattern: str):
    # The services' patterns are Java's, whose classes are ASCII only; some have constructs that Python lacks.
    try:
        return re.compile(pattern, re.ASCII)
    except re.error:
        return None
