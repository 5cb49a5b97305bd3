"""What S3 refuses and moto lets through: wrong checksums and buckets of another owner than expected."""
import base64
import hashlib
import zlib

from moto.s3.models import s3_backends

ALGORITHMS = {
    "content-md5": lambda body: hashlib.md5(body).digest(),
    "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
    "x-amz-checksum-sha1": lambda body: hashlib.sha1(body).digest(),
    "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
}
# Here the header tells the checksum of the whole object, not of the request's body.
OF_THE_OBJECT = ("CompleteMultipartUpload", "CopyObject")


def refusal(request, operation: str | None) -> tuple[int, str, str] | None:
    expected = request.headers.get("x-amz-expected-bucket-owner")
    bucket = request.path.lstrip("/").split("/")[0]
    owner = next((a for a in s3_backends for p in s3_backends[a] if bucket in s3_backends[a][p].buckets), None)
    if expected and owner and expected != owner:
        return 403, "AccessDenied", "Access Denied"
    chunked = request.headers.get("x-amz-content-sha256", "").startswith("STREAMING-")
    for header, digest in ALGORITHMS.items():
        given = request.headers.get(header)
        if not given or chunked or operation in OF_THE_OBJECT:
            continue
        if base64.b64encode(digest(request.body)).decode() != given:
            return 400, "BadDigest", f"The {header} you specified did not match the calculated checksum."
    return None
