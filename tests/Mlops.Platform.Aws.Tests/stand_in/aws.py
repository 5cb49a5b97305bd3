"""A stand-in for AWS: moto's services in one process, with what moto lacks and with a strict judge before them.

    python3 aws.py [--port 0] [--profile-file F] [--end-with-input]

It prints "listening on http://127.0.0.1:PORT" once it serves. Under /__aws the tests read what was asked of it and say
how it shall behave.
"""
import argparse
import http.server
import io
import json
import logging
import os
import signal
import socket
import sys
import threading
import traceback
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

# Nothing that moto does may go out to the real AWS or take the caller's own credentials.
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_DEFAULT_REGION="us-east-1",
)

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402

import judge  # noqa: E402
import objects  # noqa: E402
import registry  # noqa: E402
import scenario  # noqa: E402
import signatures  # noqa: E402
import services  # noqa: E402


class Request:
    """A request as it came over the wire."""

    def __init__(self, method: str, target: str, headers, body: bytes):
        self.method, self.target, self.body = method, target, body
        self.raw_path, _, self.raw_query = target.partition("?")
        self.path = unquote(self.raw_path)
        self.query = dict(parse_qsl(self.raw_query, keep_blank_values=True))
        self.headers: dict[str, str] = {}
        for name, value in headers:
            name = name.lower()
            self.headers[name] = f"{self.headers[name]},{value}" if name in self.headers else value


class Answer:
    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes):
        self.status, self.headers, self.body = status, headers, body


def json_answer(value, status: int = 200) -> Answer:
    return Answer(status, [("Content-Type", "application/json")], json.dumps(value, default=str).encode())


def error_answer(protocol: str, status: int, code: str, message: str) -> Answer:
    """A refusal in the form that the service's clients read."""
    if protocol == "rest-xml":
        body = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message><RequestId>stand-in</RequestId></Error>"
        return Answer(status, [("Content-Type", "application/xml")], body.encode())
    if protocol == "query":
        # The query services name it so, all others ValidationException.
        code = "ValidationError" if code == "ValidationException" else code
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
            "</Error><RequestId>stand-in</RequestId></ErrorResponse>"
        )
        return Answer(status, [("Content-Type", "text/xml")], body.encode())
    answer = json_answer({"__type": code, "message": message}, status)
    answer.headers.append(("x-amzn-ErrorType", code))
    return answer


def serve(request: Request, app) -> Answer:
    with scenario.lock:
        if request.path.startswith("/__aws/"):
            return control(request)
        if request.path.startswith("/v2/"):
            return Answer(*registry.serve(request))
        return serve_aws(request, app)


def serve_aws(request: Request, app) -> Answer:
    entry = {"n": next(scenario.numbers), "service": None, "operation": None, "method": request.method}
    entry.update(path=request.raw_path, write=False, status=0, protocol="json")
    scenario.requests.append(entry)
    try:
        answer = judged(request, app, entry)
    except Exception:
        # A fault of the stand-in must not look like one of the tool: say so, and what it was.
        traceback.print_exc()
        reason = traceback.format_exc()
        scenario.record_invalid(entry["service"], entry["operation"], "the stand-in itself failed", [reason], entry["n"])
        answer = error_answer(entry["protocol"], 500, "InternalFailure", reason)
    entry["status"] = answer.status
    return answer


def judged(request: Request, app, entry: dict) -> Answer:
    scope = signatures.scope_of(request)
    service = judge.service_of(request, scope.service) if scope else "sts" if b"Action=AssumeRoleWith" in request.body else "s3"
    verdict = judge.judge(request, service)
    entry.update(service=service, operation=verdict.operation, input=verdict.input, protocol=verdict.protocol)
    entry["write"] = judge.is_write(verdict.operation, request.method)
    entry["region"] = scope.region if scope else None
    entry["query"] = request.raw_query
    try:
        if scope:
            signatures.verify(request, scope)
        elif verdict.operation not in signatures.UNSIGNED_OPERATIONS:
            raise signatures.Wrong("MissingAuthenticationToken", "Missing Authentication Token")
    except signatures.Wrong as wrong:
        scenario.record_invalid(service, verdict.operation, wrong.code, [str(wrong)], entry["n"])
        return error_answer(verdict.protocol, 403, wrong.code, str(wrong))
    if verdict.faults:
        scenario.record_invalid(service, verdict.operation, "ValidationException", verdict.faults, entry["n"])
        return error_answer(verdict.protocol, 400, "ValidationException", "; ".join(verdict.faults))
    if verdict.operation in scenario.get("deny"):
        return error_answer(verdict.protocol, 403, "AccessDenied", f"The caller is not authorized to perform {service}:{verdict.operation}")
    if service == "s3" and (refused := objects.refusal(request, verdict.operation)):
        return error_answer("rest-xml", *refused)
    return call(request, app)


def call(request: Request, app) -> Answer:
    """Hands the request to moto."""
    result: dict = {}

    def start_response(status, headers, _exc_info=None):
        result.update(status=int(status.split()[0]), headers=headers)

    chunks = app(environ(request), start_response)
    body = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    return Answer(result["status"], result["headers"], body)


def environ(request: Request) -> dict:
    host = request.headers.get("host", "127.0.0.1")
    name, _, port = host.partition(":")
    values = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.encode().decode("latin-1"),
        "QUERY_STRING": request.raw_query,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "SERVER_NAME": name,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for header, value in request.headers.items():
        if header not in ("content-length", "content-type", "transfer-encoding"):
            values["HTTP_" + header.upper().replace("-", "_")] = value
    values["CONTENT_LENGTH"] = str(len(request.body))
    if "content-type" in request.headers:
        values["CONTENT_TYPE"] = request.headers["content-type"]
    return values


def control(request: Request) -> Answer:
    action = (request.method, request.path.removeprefix("/__aws/"))
    if action == ("GET", "requests"):
        return json_answer(scenario.requests)
    if action == ("GET", "invalid"):
        return json_answer(scenario.invalid)
    if action == ("POST", "requests/take"):
        # Other threads add to it meanwhile: only what is told goes.
        taken = list(scenario.requests)
        del scenario.requests[: len(taken)]
        return json_answer(taken)
    if action == ("POST", "requests/clear"):
        scenario.requests.clear()
        return json_answer({})
    if action == ("POST", "reset"):
        services.reset()
        scenario.requests.clear()
        scenario.invalid.clear()
        scenario.replace({})
        return json_answer({})
    if action[0] in ("POST", "PATCH") and action[1] == "scenario":
        return set_scenario(request)
    return json_answer({"error": f"no control path {action}"}, 404)


def set_scenario(request: Request) -> Answer:
    """POST puts a whole scenario in place of the last one, PATCH only the keys that are given."""
    try:
        scenario.replace(json.loads(request.body or b"{}"), keep=request.method == "PATCH")
        services.force_stacks()
    except (ValueError, scenario.UnknownKey, LookupError) as error:
        return json_answer({"error": str(error)}, 400)
    return json_answer({})


class Handler(http.server.BaseHTTPRequestHandler):
    # moto's own server closes the connection after each answer, which the real services do not.
    protocol_version = "HTTP/1.1"
    timeout = 300
    app = None

    def handle_request(self) -> None:
        request = Request(self.command, self.path, self.headers.items(), self.read_body())
        answer = serve(request, self.app)
        self.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = handle_request

    def read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        given = {name.lower() for name, _ in answer.headers}
        for name, value in answer.headers:
            # The length follows below; "status" is a leftover of moto and no header of the services.
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server", "status"):
                self.send_header(name, str(value))
        length = dict((n.lower(), v) for n, v in answer.headers).get("content-length")
        told = length if self.command == "HEAD" and length is not None else len(answer.body)
        bodiless = answer.status in (204, 304) or self.command == "HEAD"
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(told))
        if "x-amzn-requestid" not in given and "x-amz-request-id" not in given:
            self.send_header("x-amzn-RequestId", "stand-in")
        self._headers_buffer.append(b"\r\n")
        # One write for head and body: two would wait for each other's acknowledgement.
        head = b"".join(self._headers_buffer)
        self._headers_buffer = []
        self.wfile.write(head if bodiless else head + answer.body)

    def log_message(self, *_args) -> None:
        """The list of requests is the log."""


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().server_bind()


def write_profile(path: str, address: str) -> None:
    """A file for AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE that leads every client here."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            "[default]\naws_access_key_id = testing\naws_secret_access_key = a+planted/secret+key\nregion = us-east-1\n"
            f"endpoint_url = {address}\n"
        )


def end_with_input(server: Server) -> None:
    # Not sys.stdin.read: a thread that waits in there breaks the interpreter's end.
    while os.read(0, 65536):
        pass
    server.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--profile-file")
    parser.add_argument("--end-with-input", action="store_true")
    options = parser.parse_args()
    logging.getLogger("moto").setLevel(logging.ERROR)
    services.install()
    Handler.app = DomainDispatcherApplication(create_backend_app)
    server = Server(("127.0.0.1", options.port), Handler)
    registry.address = address = f"http://127.0.0.1:{server.server_address[1]}"
    if options.profile_file:
        write_profile(options.profile_file, address)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    if options.end_with_input:
        threading.Thread(target=end_with_input, args=(server,), daemon=True).start()
    print(f"listening on {address}", flush=True)
    server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
