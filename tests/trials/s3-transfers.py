#!/usr/bin/env python3
"""Compares what a publish to aws sends to S3 with 'aws s3 sync' and 'aws s3 cp', both against a server that throws bytes away.

usage: s3-transfers.py --sink S3_SINK.js [--files 2000] [--large 512] [--rounds 3] MLOPS...
       e.g. s3-transfers.py --sink ../shared/conformance/s3-sink.js dotnet artifacts/bin/Mlops.Host/release/mlops.dll

Needs python3 with moto, the AWS CLI and node. Everything but S3 is answered by the tests' stand-in. Of each pair the best of the rounds counts.
Prints figures; exit code 1 if one is not as it should be: many small files in at most a third of the time, one large file in at most the same,
nothing to do in at most half, with at most 150 MiB of memory.
"""
import argparse, os, pathlib, shutil, socket, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("--sink", required=True)
parser.add_argument("--files", type=int, default=2000)
parser.add_argument("--large", type=int, default=512, help="MiB")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("mlops", nargs="+")
options = parser.parse_args()
mlops = [os.path.abspath(a) if os.path.exists(a) else a for a in options.mlops]
here = pathlib.Path(__file__).resolve().parent
root = pathlib.Path(tempfile.mkdtemp(prefix="mlops-transfers-"))
wrong = []


def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until_listens(number):
    for _ in range(300):
        try:
            return socket.create_connection(("127.0.0.1", number)).close()
        except OSError:
            time.sleep(0.1)
    sys.exit(f"Nothing listens at {number}.")


def timed(command):
    """Seconds and MiB at the most of a command that must succeed."""
    start = time.perf_counter()
    # A program that ends with its input is given one that stays open, as a build gives it.
    child = subprocess.Popen(command, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stdin.close()
    if child.returncode:
        sys.exit(f"{command} ended with {child.returncode}:\n" + (root / "log").read_text()[-2000:])
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def compare(what, limit, ours, theirs, before=lambda: None):
    best = {"ours": 1e9, "theirs": 1e9}
    memory = 0
    for _ in range(options.rounds):
        for name, command in (("ours", ours), ("theirs", theirs)):
            before()
            seconds, peak = timed(command)
            best[name] = min(best[name], seconds)
            memory = max(memory, peak) if name == "ours" else memory
    ratio = best["ours"] / best["theirs"]
    if limit is None:
        print(f"      {what}: {best['ours']:.2f} s, {ratio:.2f} of it; {memory:.0f} MiB", flush=True)
        return
    holds = ratio <= limit and memory <= 150
    print(f"{'ok   ' if holds else 'WRONG'} {what}: {best['ours']:.2f} s, the AWS CLI {best['theirs']:.2f} s: {ratio:.2f} of it (at most {limit:.2f}); {memory:.0f} MiB", flush=True)
    if not holds:
        wrong.append(what)


def config(source):
    (root / "config.yaml").write_text(f"""model: {{ name: transfers, problem_type: regression }}
runtime: {{ framework: sklearn, framework_version: "1.2-1" }}
data: {{ numbers: {{ source: {source} }} }}
build:
  train: {{ entry_point: src/train.py, inputs: [numbers] }}
  evaluate: {{ entry_point: src/train.py, inputs: [model] }}
  quality_gates: {{ mae: {{ max: 1 }} }}
""")
    timed([*mlops, "compile", "config.yaml", "--output", "built"])


(root / "src").mkdir()
(root / "src/train.py").write_text("print(1)\n")
log = open(root / "log", "w")
aws, s3 = port(), port()
environment = {**os.environ, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "a+planted/secret+key", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
               "AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws}", "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{s3}"}
stand_in = subprocess.Popen([sys.executable, here.parent / "Mlops.Platform.Aws.Tests/stand_in/aws.py", "--port", str(aws)], stdout=log, stderr=log)
sink = None


def forget():
    """A sink that holds nothing: a new one."""
    global sink
    if sink:
        sink.kill()
        sink.wait()
    sink = subprocess.Popen(["node", os.path.abspath(options.sink), str(s3)], stdout=log, stderr=log)
    until_listens(s3)


try:
    forget()
    until_listens(aws)
    # As 'dotnet publish' starts it; by hand it looks at the scripts as well, which a build has just done.
    by_hand = [*mlops, "publish", "--platform", "aws", "--artifacts", "built"]
    publish = [*by_hand, "--end-with-input"]
    for i in range(options.files):
        file = root / "data/small" / f"{i % 10}" / f"part-{i}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(4096))
    (root / "data/large").mkdir()
    with open(root / "data/large/numbers.bin", "wb") as large:
        for _ in range(options.large):
            large.write(os.urandom(1 << 20))

    sync = ["aws", "s3", "sync", "--only-show-errors", "data/small", "s3://elsewhere/small"]
    config("data/small")
    timed(publish)  # The build stack, the pipeline, and the hash of the data are there.
    compare(f"{options.files:,} files of 4 KiB", 1 / 3, publish, sync, forget)
    timed(publish), timed(sync)
    compare("nothing to do", 1 / 2, publish, sync)
    compare("the same by hand", None, by_hand, sync)
    config("data/large")
    timed(publish)
    compare(f"{options.large} MiB", 1, publish, ["aws", "s3", "cp", "--only-show-errors", "data/large/numbers.bin", "s3://elsewhere/numbers.bin"], forget)
finally:
    for server in filter(None, (stand_in, sink)):
        server.kill()
        server.wait()
    shutil.rmtree(root, ignore_errors=True)
print("Something is not as it should be: " + ", ".join(wrong) if wrong else "All figures are as they should be.")
sys.exit(1 if wrong else 0)
