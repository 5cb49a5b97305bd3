"""Stands for any image, function, queue, cluster or service: meets their contracts, and does no work."""
import http.server
import json
import os
import pathlib
import sys

facts = json.loads(pathlib.Path(__file__).with_name("facts.json").read_text())
mode = sys.argv[1] if len(sys.argv) > 1 else ""

if mode == "serve":
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self): self.answer(b"")

        def do_POST(self):
            lines = self.rfile.read(int(self.headers["Content-Length"])).splitlines()
            self.answer(b"0.5\n" * len(lines))

        def answer(self, body):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_): pass

    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()

request = json.load(sys.stdin)
if mode == "train":
    pathlib.Path(os.environ["SM_MODEL_DIR"], "model.txt").write_text("a model")
    print("#011train-rmse:0.5#011validation-rmse:0.5")
    print("x=0.5")
elif "AppSpecification" in request:
    for output in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
        folder = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"] + output["S3Output"]["LocalPath"][len("/opt/ml"):])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rows.csv").write_text("1,2\n3,4\n")
        for name, content in facts["files"].items():
            (folder / name).write_text(json.dumps(content))
else:
    print(json.dumps(facts["outputs"]))
