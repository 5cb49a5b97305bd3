"""Recomputes the signature of a request (SigV4, in the header or in the query)."""
import datetime
import hashlib
import re
from urllib.parse import quote, unquote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

SECRET = "a+planted/secret+key"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()
UNSIGNED_OPERATIONS = ("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")
HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<signed>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class Wrong(Exception):
    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


class Scope:
    """Who signed for which service."""

    def __init__(self, key, day, region, service, signed, signature, in_query=False):
        self.key, self.day, self.region, self.service = key, day, region, service
        self.signed, self.signature, self.in_query = signed.split(";"), signature, in_query


def scope_of(request) -> Scope | None:
    match = HEADER.fullmatch(request.headers.get("authorization", ""))
    if match:
        return Scope(**match.groupdict())
    if "X-Amz-Signature" in request.query:
        key, day, region, service, _ = request.query["X-Amz-Credential"].split("/")
        signed = request.query["X-Amz-SignedHeaders"]
        return Scope(key, day, region, service, signed, request.query["X-Amz-Signature"], in_query=True)
    return None


def secret_of(key: str) -> tuple[str, str | None]:
    """The secret and, for a session, the token that must come with it."""
    for account in iam_backends:
        for partition in iam_backends[account]:
            known = iam_backends[account][partition].access_keys.get(key)
            if known:
                return known.secret_access_key, _session_token(account, partition, key)
    return SECRET, None


def _session_token(account: str, partition: str, key: str) -> str | None:
    role = sts_backends[account][partition].get_assumed_role_from_access_key(key)
    return role.session_token if role else None


def verify(request, scope: Scope) -> None:
    secret, token = secret_of(scope.key)
    if token and token not in (request.headers.get("x-amz-security-token"), request.query.get("X-Amz-Security-Token")):
        raise Wrong("InvalidClientTokenId", "The security token included in the request is invalid.")
    moment = request.query.get("X-Amz-Date") if scope.in_query else request.headers.get("x-amz-date")
    _verify_moment(moment, scope)
    _verify_signed_headers(request, scope)
    canonical = _canonical_request(request, scope)
    signer = SigV4Auth(Credentials(scope.key, secret, token), scope.service, scope.region)
    signed = AWSRequest(method=request.method, url="http://unused/")
    signed.context["timestamp"] = moment
    expected = signer.signature(signer.string_to_sign(signed, canonical), signed)
    if expected != scope.signature:
        raise Wrong(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            f"The canonical string for this request should have been '{canonical}'",
        )


def _verify_moment(moment: str | None, scope: Scope) -> None:
    if not moment or not re.fullmatch(r"\d{8}T\d{6}Z", moment) or moment[:8] != scope.day:
        raise Wrong("SignatureDoesNotMatch", f"X-Amz-Date '{moment}' does not fit the credential's scope.")
    signed = datetime.datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if not scope.in_query and abs((datetime.datetime.now(datetime.timezone.utc) - signed).total_seconds()) > 900:
        raise Wrong("RequestTimeTooSkewed", f"Signature expired: {moment} is more than 15 minutes off.")


def _verify_signed_headers(request, scope: Scope) -> None:
    must = {"host"} | {name for name in request.headers if name.startswith("x-amz-") and not scope.in_query}
    # Trailers come after the body and the real services sign them with it.
    missing = must - set(scope.signed)
    if missing:
        raise Wrong("SignatureDoesNotMatch", f"Headers that must be signed are not: {sorted(missing)}.")


def _canonical_request(request, scope: Scope) -> str:
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in scope.signed)
    return "\n".join(
        [
            request.method,
            _canonical_path(request.raw_path, scope.service),
            _canonical_query(request.raw_query),
            headers,
            ";".join(scope.signed),
            _payload_hash(request, scope),
        ]
    )


def _canonical_path(path: str, service: str) -> str:
    # S3 signs the path as it was encoded once, all other services encode it again.
    once = quote(unquote(path), safe="/-_.~") or "/"
    return once if service == "s3" else quote(once, safe="/-_.~")


def _canonical_query(query: str) -> str:
    pairs = [part.partition("=") for part in query.split("&") if part]
    encoded = [(_again(name), _again(value)) for name, _, value in pairs if name != "X-Amz-Signature"]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _again(text: str) -> str:
    return quote(unquote(text), safe="-_.~")


def _payload_hash(request, scope: Scope) -> str:
    actual = hashlib.sha256(request.body).hexdigest()
    given = request.headers.get("x-amz-content-sha256")
    if scope.in_query:
        return given or ("UNSIGNED-PAYLOAD" if scope.service == "s3" else actual)
    if scope.service != "s3":
        if given and given != actual:
            raise Wrong("InvalidSignatureException", "The payload's hash in X-Amz-Content-SHA256 is wrong.")
        return actual
    if not given:
        raise Wrong("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if re.fullmatch("[0-9a-f]{64}", given) and given != actual:
        raise Wrong("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match.")
    return given
