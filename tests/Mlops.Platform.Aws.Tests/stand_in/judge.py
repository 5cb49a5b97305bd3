"""Judges requests as the front door of the real services would: parses the input back by botocore's service model
and checks it in full. moto takes nearly anything, so without this a test proves little about a request."""
import functools
import io
import json
import re
from urllib.parse import parse_qsl, unquote

import botocore.session
from botocore.parsers import RpcV2CBORParser

from shapes import faults_of, from_json, from_text

SIGNING_NAMES = {"monitoring": "cloudwatch"}
READING = re.compile(
    r"(Get|List|Describe|Head|BatchGet|BatchDescribe|BatchCheck|Check|Detect|Estimate|Validate|Filter|Search|Query|Scan|"
    r"Simulate|Test|Invoke|Select|Lookup|AssumeRole|Decode|StartQuery|StopQuery|Receive)"
)
_session = botocore.session.get_session()


@functools.cache
def model_of(service: str):
    try:
        return _session.get_service_model(service)
    except Exception:
        return None


def service_of(request, signing_name: str) -> str:
    if signing_name == "sagemaker" and request.path.startswith("/endpoints/"):
        return "sagemaker-runtime"
    return SIGNING_NAMES.get(signing_name, signing_name)


def is_write(operation: str | None, method: str) -> bool:
    if operation is None:
        return method not in ("GET", "HEAD", "OPTIONS")
    return not READING.match(operation)


class Verdict:
    """The operation, its input as parsed back, and what is wrong with it."""

    def __init__(self, service: str, protocol: str, operation: str | None = None, input=None, faults=()):
        self.service, self.protocol, self.operation = service, protocol, operation
        self.input, self.faults = input, list(faults)


def judge(request, service: str) -> Verdict:
    model = model_of(service)
    if model is None:
        return Verdict(service, "unknown")
    if service == "s3":
        return Verdict(service, "rest-xml", s3_operation(request, model))
    if "x-amz-target" in request.headers:
        return _judge_json(request, model, service)
    if request.path.startswith("/service/") and "/operation/" in request.path:
        return _judge_cbor(request, model, service)
    protocol = model.metadata["protocol"]
    if protocol == "rest-json":
        return _judge_rest_json(request, model, service)
    content_type = request.headers.get("content-type", "")
    if protocol == "query" or content_type.startswith("application/x-www-form-urlencoded"):
        return _judge_query(request, model, service)
    if protocol == "json":
        return Verdict(service, "json", None, None, ["X-Amz-Target is missing"])
    return Verdict(service, protocol)


def _checked(verdict: Verdict, operation_model) -> Verdict:
    shape = operation_model.input_shape
    if shape is None:
        verdict.faults += [f"{name}: unknown" for name in verdict.input or {}]
    else:
        verdict.faults += faults_of(verdict.input, shape)
    return verdict


def _judge_json(request, model, service: str) -> Verdict:
    prefix, _, operation = request.headers["x-amz-target"].rpartition(".")
    verdict = Verdict(service, "json", operation)
    version = model.metadata.get("jsonVersion", "1.0")
    if not request.headers.get("content-type", "").startswith(f"application/x-amz-json-{version}"):
        verdict.faults.append(f"Content-Type must be application/x-amz-json-{version}")
    if prefix != model.metadata.get("targetPrefix") or operation not in model.operation_names:
        verdict.faults.append(f"unknown target {request.headers['x-amz-target']}")
        return verdict
    operation_model = model.operation_model(operation)
    try:
        given = json.loads(request.body or b"{}")
    except ValueError as error:
        verdict.faults.append(f"the body is no JSON: {error}")
        return verdict
    shape = operation_model.input_shape
    verdict.input = from_json(given, shape, "", verdict.faults) if shape else given
    return _checked(verdict, operation_model)


def _judge_cbor(request, model, service: str) -> Verdict:
    operation = request.path.rpartition("/")[2]
    verdict = Verdict(service, "cbor", operation)
    if operation not in model.operation_names:
        verdict.faults.append(f"unknown operation {operation}")
        return verdict
    stream = io.BufferedReader(io.BytesIO(request.body))
    verdict.input = RpcV2CBORParser().parse_data_item(stream) if request.body else {}
    return _checked(verdict, model.operation_model(operation))


def _judge_query(request, model, service: str) -> Verdict:
    pairs = parse_qsl(request.body.decode(), keep_blank_values=True) or list(request.query.items())
    root = _tree(pairs)
    operation = root["children"].pop("Action", {}).get("value")
    version = root["children"].pop("Version", {}).get("value")
    verdict = Verdict(service, "query", operation)
    if version != model.metadata["apiVersion"]:
        verdict.faults.append(f"Version is {version}, not {model.metadata['apiVersion']}")
    if operation not in model.operation_names:
        verdict.faults.append(f"unknown operation {operation}")
        return verdict
    operation_model = model.operation_model(operation)
    if operation_model.input_shape is None:
        verdict.input = {name: "" for name in root["children"]}
    else:
        verdict.input = _from_query(root, operation_model.input_shape, "", verdict.faults)
    return _checked(verdict, operation_model)


def _tree(pairs) -> dict:
    root = {"children": {}}
    for name, value in pairs:
        node = root
        for part in name.split("."):
            node = node["children"].setdefault(part, {"children": {}})
        node["value"] = value
    return root


def _from_query(node: dict, shape, where: str, faults: list[str]):
    """The inverse of botocore's QuerySerializer."""
    if shape.type_name == "structure":
        return _structure_from_query(node, shape, where, faults)
    if shape.type_name == "list":
        items = node if _flat(shape) else _descend(node, shape.member.serialization.get("name", "member"), where, faults)
        return [_from_query(item, shape.member, f"{where}[{i}]", faults) for i, item in _numbered(items, where, faults)]
    if shape.type_name == "map":
        entries = node if _flat(shape) else _descend(node, "entry", where, faults)
        key, value = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        return {
            entry["children"][key]["value"]: _from_query(entry["children"][value], shape.value, where, faults)
            for _, entry in _numbered(entries, where, faults)
        }
    if node["children"]:
        faults.append(f"{where}: unknown parts {sorted(node['children'])}")
    return from_text(node.get("value", ""), shape, where, faults)


def _flat(shape) -> bool:
    return bool(shape.serialization.get("flattened"))


def _structure_from_query(node: dict, shape, where: str, faults: list[str]) -> dict:
    result, used = {}, set()
    for name, member in shape.members.items():
        key = member.serialization.get("name", name)
        if member.type_name == "list" and _flat(member):
            key = member.member.serialization.get("name", key)
        if key in node["children"]:
            used.add(key)
            result[name] = _from_query(node["children"][key], member, f"{where}.{name}", faults)
    faults += [f"{where}.{name}: unknown" for name in node["children"] if name not in used]
    return result


def _descend(node: dict, name: str, where: str, faults: list[str]) -> dict:
    faults += [f"{where}.{other}: unknown" for other in node["children"] if other != name]
    return node["children"].get(name, {"children": {}})


def _numbered(node: dict, where: str, faults: list[str]):
    names = sorted(node["children"], key=lambda name: int(name) if name.isdigit() else 0)
    if names != [str(i + 1) for i in range(len(names))]:
        faults.append(f"{where}: items must be numbered from 1 without gaps, not {names}")
    return [(i, node["children"][name]) for i, name in enumerate(names)]


def _judge_rest_json(request, model, service: str) -> Verdict:
    found = _rest_operation(request, model)
    verdict = Verdict(service, "rest-json", found and found[0].name)
    if not found:
        verdict.faults.append(f"no operation for {request.method} {request.path}")
        return verdict
    operation_model, labels = found
    verdict.input = _rest_input(request, operation_model.input_shape, labels, verdict.faults)
    return _checked(verdict, operation_model)


def _rest_operation(request, model):
    candidates = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.http["method"] != request.method:
            continue
        path = operation.http["requestUri"].partition("?")[0].rstrip("/")
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
        pattern = re.sub(r"\\\{(\w+)\\\+\\\}", r"(?P<\1>.+)", pattern)
        match = re.fullmatch(pattern, request.raw_path.rstrip("/"))
        if match:
            candidates.append((len(path), operation, {k: unquote(v) for k, v in match.groupdict().items()}))
    return max(candidates, key=lambda c: c[0])[1:] if candidates else None


def _rest_input(request, shape, labels: dict, faults: list[str]) -> dict:
    if shape is None:
        return {}
    result, in_body, known = {}, {}, set()
    for name, member in shape.members.items():
        place, wire = member.serialization.get("location"), member.serialization.get("name", name)
        known.add(wire.lower())
        if place == "uri":
            result[name] = from_text(labels[wire], member, name, faults)
        elif place == "querystring" and wire in request.query:
            result[name] = from_text(request.query[wire], member, name, faults)
        elif place == "header" and wire.lower() in request.headers:
            result[name] = from_text(request.headers[wire.lower()], member, name, faults)
        elif place is None:
            in_body[name] = member
    faults += [f"unknown header {h}" for h in request.headers if h.startswith("x-amzn-sagemaker-") and h not in known]
    faults += [f"unknown query parameter {q}" for q in request.query if q.lower() not in known]
    payload = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name in ("blob", "string"):
        result[payload] = request.body
    elif in_body and request.body:
        given = json.loads(request.body)
        target = shape.members[payload] if payload else shape
        parsed = from_json(given, target, "", faults)
        result.update({payload: parsed} if payload else parsed)
    return result


def s3_operation(request, model) -> str | None:
    """The operation whose required parts are all there and that explains most of the request."""
    parts = request.path.strip("/").split("/", 1)
    depth = 0 if parts == [""] else len(parts)
    best, score = None, -1
    for operation, method, level, flags, headers in _s3_operations(model):
        if method != request.method or level != depth:
            continue
        if flags <= set(request.query) and headers <= set(request.headers):
            if len(flags) * 2 + len(headers) > score:
                best, score = operation, len(flags) * 2 + len(headers)
    return best


@functools.cache
def _s3_operations(model) -> list:
    found = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        path, _, query = operation.http["requestUri"].partition("?")
        flags = {part for part in re.split("[&]", query) if part and not part.startswith("x-id")}
        flags = {flag.partition("=")[0] for flag in flags}
        headers = set()
        for member in operation.input_shape.required_members if operation.input_shape else []:
            serialization = operation.input_shape.members[member].serialization
            if serialization.get("location") == "querystring":
                flags.add(serialization["name"])
            elif serialization.get("location") == "header":
                headers.add(serialization["name"].lower())
        found.append((name, operation.http["method"], path.count("{"), flags, headers))
    return found
