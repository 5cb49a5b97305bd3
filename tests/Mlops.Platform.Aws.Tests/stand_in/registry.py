"""A registry of images ("OCI Distribution Specification"), as ECR's, which moto lacks: blobs and manifests, behind a password.
What is pushed is in moto's ECR. It also holds a base image to pull, without a password, as Microsoft's registry does."""
import base64
import gzip
import hashlib
import io
import json
import re
import tarfile
import uuid

from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult
from moto.ecr.models import ecr_backends
from moto.ecr.responses import ECRResponse

PASSWORD = "a-planted-password"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
BASES = ("dotnet/runtime", "dotnet/aspnet")

address = ""
blobs: dict[str, bytes] = {}
uploads: dict[str, bytes] = {}
manifests: dict[tuple[str, str], bytes] = {}


def reset() -> None:
    for store in (blobs, uploads, manifests):
        store.clear()


class StandInEcr(ECRResponse):
    def get_authorization_token(self) -> ActionResult:
        token = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
        return ActionResult({"authorizationData": [{"authorizationToken": token, "proxyEndpoint": address, "expiresAt": 4102444800}]})


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def keep(content: bytes) -> str:
    blobs[digest_of(content)] = content
    return digest_of(content)


def base_image() -> bytes:
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("etc/base"), io.BytesIO())
    packed = gzip.compress(layer.getvalue(), mtime=0)
    config = {"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/usr/bin"]}}
    config["rootfs"] = {"type": "layers", "diff_ids": [digest_of(layer.getvalue())]}
    written = json.dumps(config).encode()
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST}
    manifest["config"] = {"mediaType": "application/vnd.docker.container.image.v1+json", "size": len(written), "digest": keep(written)}
    manifest["layers"] = [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": len(packed), "digest": keep(packed)}]
    return json.dumps(manifest).encode()


def serve(request) -> tuple[int, list[tuple[str, str]], bytes]:
    found = re.fullmatch(r"/v2/(?:(?P<name>.+?)/(?P<kind>manifests|blobs)/(?P<rest>.+?)/?)?", request.path)
    if not found:
        return 404, [], b""
    name = found["name"]
    if name not in BASES and request.headers.get("authorization") != f"Basic {base64.b64encode(f'AWS:{PASSWORD}'.encode()).decode()}":
        return 401, [("WWW-Authenticate", f'Basic realm="{address}/",service="ecr.amazonaws.com"')], b""
    if name is None:
        return 200, [], b""
    return (manifest if found["kind"] == "manifests" else blob)(request, name, found["rest"])


def manifest(request, name: str, reference: str) -> tuple[int, list[tuple[str, str]], bytes]:
    if request.method == "PUT":
        backend = ecr_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
        if name not in backend.repositories:
            return 404, [], b'{"errors": [{"code": "NAME_UNKNOWN"}]}'
        missing = [part for part in [json.loads(request.body)["config"], *json.loads(request.body)["layers"]] if part["digest"] not in blobs]
        if missing:
            return 400, [], json.dumps({"errors": [{"code": "MANIFEST_BLOB_UNKNOWN", "detail": missing}]}).encode()
        backend.put_image(name, request.body.decode(), reference, request.headers.get("content-type"), digest_of(request.body))
        manifests[name, reference] = request.body
        return 201, [("Docker-Content-Digest", digest_of(request.body)), ("Location", f"/v2/{name}/manifests/{reference}")], b""
    content = base_image() if name in BASES else manifests.get((name, reference))
    if content is None:
        return 404, [], b""
    return 200, [("Content-Type", MANIFEST), ("Docker-Content-Digest", digest_of(content))], content


def blob(request, name: str, rest: str) -> tuple[int, list[tuple[str, str]], bytes]:
    if rest == "uploads":
        upload = str(uuid.uuid4())
        uploads[upload] = b""
        return 202, [("Location", f"/v2/{name}/blobs/uploads/{upload}"), ("Range", "0-0")], b""
    if rest.startswith("uploads/"):
        upload = rest.removeprefix("uploads/")
        uploads[upload] += request.body
        if request.method == "PATCH":
            return 202, [("Location", f"/v2/{name}/blobs/uploads/{upload}"), ("Range", f"0-{len(uploads[upload]) - 1}")], b""
        content = uploads.pop(upload)
        if digest_of(content) != request.query["digest"]:
            return 400, [], b'{"errors": [{"code": "DIGEST_INVALID"}]}'
        return 201, [("Location", f"/v2/{name}/blobs/{keep(content)}"), ("Docker-Content-Digest", digest_of(content))], b""
    return (200, [("Content-Type", "application/octet-stream")], blobs[rest]) if rest in blobs else (404, [], b"")
