#!/usr/bin/env python3
"""Runs `mlops run` on a file system without room, or that becomes read-only under it, and looks at what is left (Linux, user namespaces).

usage: full-disks.py [--rounds 40] [--seed 1] MLOPS...      e.g. full-disks.py dotnet artifacts/bin/Mlops.Host/release/mlops.dll

The folder .mlops is a small tmpfs of its own. Each round changes a parameter, and leaves so little room that the run ends at another write, or makes the
file system read-only at some moment. Whatever comes of it: an error with a code and no stack trace, the registry whole, every version with its
artifact. With room again the next run succeeds, and versions have no gap. Prints figures; exit code 1 if one is not as it should be.
"""
import argparse, os, pathlib, random, re, sqlite3, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=40)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("mlops", nargs="+")
options = parser.parse_args()
if os.environ.get("MLOPS_TRIAL") != "mounted":
    inside = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, *sys.argv]
    sys.exit(subprocess.run(inside, env={**os.environ, "MLOPS_TRIAL": "mounted"}).returncode)

mlops = [os.path.abspath(a) if os.path.exists(a) else a for a in options.mlops]
rng = random.Random(options.seed)
root = pathlib.Path(tempfile.mkdtemp(prefix="mlops-full-"))
MIB = 1 << 20
files = {
    "config.yaml": """model: { name: full, problem_type: regression }
runtime: { framework: custom }
data: { numbers: { source: data/numbers.csv } }
build:
  parameters: { round: { default: "0" } }
  preprocess: { entry_point: src/preprocess.sh, inputs: [numbers], outputs: [train], environment: { ROUND: "${parameters.round}" } }
  train: { entry_point: src/train.sh, inputs: [preprocess.train], environment: { ROUND: "${parameters.round}" } }
  evaluate: { entry_point: src/evaluate.sh, inputs: [model] }
  quality_gates: { mae: { max: 1 } }
""",
    "data/numbers.csv": "1,2\n" * 20_000,
    "src/preprocess.sh": 'cp "$SAGEMAKER_BASE_DIR"/processing/input/numbers/* "$SAGEMAKER_BASE_DIR/processing/output/train/"\n',
    "src/train.sh": 'set -e\nhead -c 300000 /dev/urandom > "$SAGEMAKER_BASE_DIR/model/weights"; echo "$ROUND" > "$SAGEMAKER_BASE_DIR/model/model.txt"\n',
    "src/evaluate.sh": 'echo \'{"regression_metrics":{"mae":{"value":0.5}}}\' > "$SAGEMAKER_BASE_DIR/processing/output/report/evaluation.json"\n',
}
for name, text in files.items():
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
subprocess.run([*mlops, "compile", "config.yaml", "--output", "bin/mlops"], cwd=root, check=True)
disk = root / ".mlops"
disk.mkdir()
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], check=True)
problems, ended = [], {}


def run(value):
    return subprocess.Popen([*mlops, "run", "--artifacts", "bin/mlops", "--parameter", f"round={value}"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def look(when, process):
    output = process.communicate(timeout=120)[0]
    codes = re.findall(r"error (MLOPS\d{4})", output)
    ended[codes[-1] if codes else "done"] = ended.get(codes[-1] if codes else "done", 0) + 1
    if process.returncode and not codes:
        problems.append(f"{when}: {process.returncode} without a code: {output[-300:]}")
    if "MLOPS9" in output or "   at " in output:
        problems.append(f"{when}: an error of its own: {output[-600:]}")
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    with sqlite3.connect(f"file:{disk}/registry.db", uri=True) as db:
        if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)] or db.execute("PRAGMA foreign_key_check").fetchall():
            problems.append(f"{when}: the registry is damaged")
        for version, url in db.execute("SELECT version, model_data_url FROM model_versions"):
            if not (disk / "s3" / url[5:]).exists():
                problems.append(f"{when}: version {version} has no artifact")
    return process.returncode


if look("the first run", run("first")):
    sys.exit("\n".join(problems))
for n in range(options.rounds):
    if n % 4 < 3:
        # From nothing to what a run takes: each time it ends somewhere else.
        filler, left = disk / "filler", rng.randrange(0, MIB)
        space = os.statvfs(disk)
        with open(filler, "wb") as file:
            try:
                file.write(b"x" * max(0, space.f_bavail * space.f_frsize - left))
            except OSError:
                pass
        look(f"round {n}, {left} bytes of room", run(f"full-{n}"))
        filler.unlink(missing_ok=True)
    else:
        process = run(f"read-only-{n}")
        time.sleep(rng.uniform(0, 0.8))
        # It cannot be done while a file is open for writing: then the next moment is taken.
        while process.poll() is None and subprocess.run(["mount", "-o", "remount,ro", disk], capture_output=True).returncode:
            time.sleep(0.005)
        look(f"round {n}, read-only", process)
if look("the last run", run("last")):
    problems.append("the last run failed")
with sqlite3.connect(f"file:{disk}/registry.db", uri=True) as db:
    versions = [v for (v,) in db.execute("SELECT version FROM model_versions ORDER BY version")]
    if versions != list(range(1, len(versions) + 1)):
        problems.append(f"versions are {versions}")
    if db.execute("SELECT 1 FROM executions WHERE status = 'Executing'").fetchall():
        problems.append("an execution is left Executing")

if set(ended) == {"done"}:
    problems.append("no disk was ever full: there was nothing to see")
print(f"{options.rounds} rounds, ended with {dict(sorted(ended.items()))}, {len(versions)} versions, {len(problems)} problems")
print("\n".join(problems[:20]))
subprocess.run(["umount", "--lazy", disk])
subprocess.run(["rm", "-rf", root])
sys.exit(1 if problems else 0)
