"""Serves a script by the contract of SageMaker's inference toolkit, with the standard library alone.

The script, SAGEMAKER_PROGRAM in SAGEMAKER_SUBMIT_DIRECTORY, has model_fn(model_dir) and may have input_fn(body, content_type),
predict_fn(data, model), output_fn(prediction, accept), or transform_fn(model, body, content_type, accept) in place of these three.
A function may take the toolkit's context as a last argument. Source: github.com/aws/sagemaker-inference-toolkit, README and
default_inference_handler.py; github.com/aws/sagemaker-scikit-learn-container, handler_service.py.
"""
import csv
import importlib.util
import inspect
import io
import json
import os
import sys
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

CSV, JSON, NPY = "text/csv", "application/json", "application/x-npy"


class Unsupported(Exception):
    """415: the script has no function for it, and the defaults do not read or write it."""


class Unreadable(Exception):
    """400: the body is not what its content type says."""


def load(path):
    sys.path.insert(0, os.path.dirname(path))
    spec = importlib.util.spec_from_file_location("inference_script", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["inference_script"] = module
    spec.loader.exec_module(module)
    return module


def call(function, *arguments):
    """With the context, where the function has a place for it."""
    try:
        inspect.signature(function).bind(*arguments, None)
        arguments += (SimpleNamespace(system_properties={"model_dir": os.environ["SM_MODEL_DIR"], "gpu_id": None}, model_name=os.environ.get("MODEL_NAME", "model")),)
    except TypeError:
        pass
    return function(*arguments)


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


def numbers(row):
    """An empty field among numbers is one that is missing."""
    values = [number(v) if v.strip() else "" for v in row]
    missing = float("nan") if all(isinstance(v, float) for v in values if v != "") else ""
    return [missing if v == "" else v for v in values]


def numpy():
    try:
        import numpy as np
    except ImportError:
        return None
    return np


def readable(reader):
    def read_or_refuse(body, content_type):
        try:
            return reader(body, content_type)
        except Unsupported:
            raise
        except Exception as e:  # Whatever readers of formats raise.
            raise Unreadable(f"The body is no {content_type}: {type(e).__name__}: {e}") from e
    return read_or_refuse


def read(body, content_type):
    kind = content_type.split(";")[0].strip().lower()
    np = numpy()
    if kind == JSON:
        data = json.loads(body)
        return np.array(data) if np and isinstance(data, list) else data
    if kind == CSV:
        rows = [numbers(row) for row in csv.reader(io.StringIO(body.decode() if isinstance(body, bytes) else body)) if row]
        return np.array(rows) if np else rows
    if kind == NPY and np:
        return np.load(io.BytesIO(body), allow_pickle=False)
    raise Unsupported(f"The content type '{content_type}' has no default; write an input_fn.")


def xgboost_input(body, content_type):
    """The XGBoost container's own defaults (github.com/aws/sagemaker-xgboost-container, handler_service.py): a DMatrix, of which the names of features do not count."""
    import xgboost

    kind = content_type.split(";")[0].strip().lower()
    if kind == CSV:
        return xgboost.DMatrix(numpy().array([[float(v) if v else float("nan") for v in row] for row in csv.reader(io.StringIO(body)) if row]))
    if kind in ("text/libsvm", "text/x-libsvm"):
        rows = [dict((int(i), float(v)) for i, v in (pair.split(":") for pair in line.split()[1 if ":" not in line.split()[0] else 0:])) for line in body.splitlines() if line.strip()]
        data = numpy().full((len(rows), 1 + max(max(r, default=0) for r in rows)), float("nan"))
        for at, row in enumerate(rows):
            for index, value in row.items():
                data[at, index] = value
        return xgboost.DMatrix(data)
    raise Unsupported(f"The content type '{content_type}' has no default; write an input_fn.")


def xgboost_predict(data, model):
    return model.predict(data, validate_features=False)


default_input = readable(read)


def default_predict(data, model):
    predict = getattr(model, "predict", None) or (model if callable(model) else None)
    if predict is None:
        raise NotImplementedError("The model has no 'predict'; write a predict_fn(data, model).")
    return predict(data)


def plain(value):
    return value.tolist() if hasattr(value, "tolist") else value


def default_output(prediction, accept):
    kind = accept.split(";")[0].strip().lower()
    if kind == JSON:
        return json.dumps(plain(prediction)), JSON
    if kind == CSV:
        rows = plain(prediction)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([row if isinstance(row, (list, tuple)) else [row] for row in (rows if isinstance(rows, (list, tuple)) else [rows])])
        return text.getvalue(), CSV
    if kind == NPY and numpy():
        buffer = io.BytesIO()
        numpy().save(buffer, prediction, allow_pickle=False)
        return buffer.getvalue(), NPY
    raise Unsupported(f"The accept type '{accept}' has no default; write an output_fn.")


class Script:
    def __init__(self, path):
        self.module = load(path)
        make = getattr(self.module, "model_fn", None)
        if make is None:
            raise SystemExit(f"{os.path.basename(path)} has no model_fn(model_dir), which loads the model.")
        self.model = call(make, os.environ["SM_MODEL_DIR"])
        self.of_xgboost = os.environ.get("MLOPS_TOOLKIT") == "xgboost"
        if self.of_xgboost and not hasattr(self.module, "input_fn") and not hasattr(self.module, "transform_fn"):
            import numpy, xgboost  # What reads bodies is there, or the server does not come up.

    def answer(self, body, content_type, accept):
        function = lambda name, default: getattr(self.module, name, default)
        if hasattr(self.module, "transform_fn"):
            result = call(self.module.transform_fn, self.model, decoded(body, content_type), content_type, accept)
        else:
            data = call(function("input_fn", readable(xgboost_input) if self.of_xgboost else default_input), decoded(body, content_type), content_type)
            prediction = call(function("predict_fn", xgboost_predict if self.of_xgboost else default_predict), data, self.model)
            result = call(function("output_fn", default_output), prediction, accept)
        result, kind = result if isinstance(result, tuple) else (result, accept)
        if hasattr(result, "get_data"):  # A Flask response, as older scripts give back.
            result, kind = result.get_data(), getattr(result, "mimetype", kind)
        if isinstance(result, dict):  # As Flask has it.
            result, kind = json.dumps(result, default=plain), JSON
        return (result.encode() if isinstance(result, str) else bytes(result)), kind


def decoded(body, content_type):
    """The toolkit hands text over as str, and anything else as bytes."""
    kind = content_type.split(";")[0].strip().lower()
    try:
        return body.decode("utf-8") if kind.startswith("text/") or kind.endswith("json") else body
    except UnicodeDecodeError as e:
        raise Unreadable(f"The body is no UTF-8: {e}") from e


def wanted(accept):
    """The best of a list of types, the first where several are; what is open (*/*, application/*) is the endpoint's default, where that fits."""
    default = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", JSON)
    ranked = sorted(((quality(part), part.strip()) for part in accept.split(",") if part.strip() and quality(part) > 0), key=lambda r: -r[0])
    for _, part in ranked:
        kind = part.split(";")[0].strip().lower()
        if kind == "*/*" or (kind.endswith("/*") and default.lower().startswith(kind[:-1])):
            return default
        if "*" not in kind:
            return part if len(ranked) == 1 else kind
    return accept if ranked else default


def quality(part):
    for parameter in part.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script = None

    def do_GET(self):
        self.reply(200 if self.path == "/ping" else 404, b"", "text/plain")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/invocations":
            return self.reply(404, b"", "text/plain")
        accept = self.headers.get("Accept") or "*/*"
        accept = wanted(accept)
        try:
            answer, kind = self.script.answer(body, self.headers.get("Content-Type") or os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_CONTENT_TYPE", JSON), accept)
            self.reply(200, answer, kind)
        except Unsupported as e:
            self.reply(415, str(e).encode(), "text/plain")
        except Unreadable as e:
            self.reply(400, str(e).encode(), "text/plain")
        except Exception as e:  # The script's own: a request must not end the server.
            traceback.print_exc()
            self.reply(500, f"{type(e).__name__}: {e}".encode(), "text/plain")

    def reply(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def load_script():
    Handler.script = Script(os.path.join(os.environ["SAGEMAKER_SUBMIT_DIRECTORY"], os.environ["SAGEMAKER_PROGRAM"]))


def main():
    server = ThreadingHTTPServer((os.environ.get("SAGEMAKER_BIND_TO_ADDRESS", "127.0.0.1"), int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler, bind_and_activate=False)
    server.daemon_threads = True
    server.request_queue_size = 128
    server.server_bind()
    workers = int(os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS") or 1)
    if workers <= 1 or not hasattr(os, "fork"):
        load_script()
        server.server_activate()
        return server.serve_forever()
    # Each worker loads the model itself: libraries with threads of their own do not survive a fork. One that ends is started again,
    # unless it never answered: then its error is the reason why the model did not come up.
    server.server_activate()
    started = {}
    while True:
        while len(started) < workers:
            child = os.fork()
            if child == 0:
                load_script()
                server.serve_forever()
            started[child] = time.monotonic()
        ended, status = os.wait()
        if time.monotonic() - started.pop(ended) < 1 and status != 0:
            raise SystemExit("a worker ended as soon as it was started")


if __name__ == "__main__":
    main()
