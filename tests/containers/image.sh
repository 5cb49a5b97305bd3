#!/bin/sh
# Makes an image of this machine's own Python and busybox, without a registry: a container that trains and serves by itself, as SageMaker's
# contract has it. Usage: image.sh ENGINE NAME
set -eu
engine=$1 name=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
root=$folder/root
mkdir -p "$root/bin" "$root/usr/bin" "$root/tmp" "$root/etc" "$root/proc" "$root/dev"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in sh cat chown env ls id sleep; do ln -s busybox "$root/bin/$applet"; done

python=$(readlink -f /usr/bin/python3)
cp "$python" "$root/usr/bin/python3"
library=$(/usr/bin/python3 -c 'import sysconfig; print(sysconfig.get_paths()["stdlib"])')
mkdir -p "$root$library"
tar -C "$library" --exclude=dist-packages --exclude=site-packages --exclude=test --exclude=__pycache__ --exclude='config-*' -cf - . | tar -C "$root$library" -xf -
ldd "$python" "$library"/lib-dynload/*.so | grep -o '/[^ ]*\.so[^ ]*' | grep -v ':$' | sort -u | while read -r file; do
  mkdir -p "$root$(dirname "$file")"
  cp -Ln "$file" "$root$file"
done

cat >"$root/bin/train" <<'TRAIN'
#!/usr/bin/python3
import json, os, sys
settings = json.load(open("/opt/ml/input/config/hyperparameters.json"))
lines = sum(len(open(f"/opt/ml/input/data/train/{name}").readlines()) for name in os.listdir("/opt/ml/input/data/train"))
open("/opt/ml/model/model.txt", "w").write(settings["answer"])
print(f"lines={lines}; in_container={os.path.exists('/bin/train')}; host={os.environ['SM_CURRENT_HOST']}")
if settings["answer"] == "wait":
    import time
    time.sleep(600)
TRAIN
cat >"$root/bin/serve" <<'SERVE'
#!/usr/bin/python3
import http.server, os
answer = open("/opt/ml/model/model.txt").read()
class Handler(http.server.BaseHTTPRequestHandler):
    def reply(self, body=b""):
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self): self.reply()
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.reply("".join(f"{answer} for {line}\n" for line in body.decode().splitlines()).encode())
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
SERVE
chmod +x "$root/bin/train" "$root/bin/serve"
tar -C "$root" -cf - . | "$engine" import --change 'ENV PATH=/bin:/usr/bin' - "$name"
