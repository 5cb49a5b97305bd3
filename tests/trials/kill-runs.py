#!/usr/bin/env python3
"""Kills `mlops run` with its whole process group at random moments, or at each of its writes, and looks at what is left.

usage: kill-runs.py [--kills 200] [--seed 1] [--at-writes | --ask] MLOPS...      e.g. kill-runs.py dotnet artifacts/bin/Mlops.Host/release/mlops.dll

Each round changes a parameter, so that there is work to kill. After each kill: the registry passes integrity_check and
foreign_key_check, and no version lacks its artifact. With --at-writes (it takes strace), round n ends the program as a thread of it is about to write,
sync, rename or delete for the nth time. With --ask it is asked to end, by SIGINT or SIGTERM, does so within 5 s with 130 or 143, and leaves no program and nothing
Executing. At the end: one undisturbed deploy succeeds, nothing is Executing, versions
are 1..n without gap, and no step's program is left. Prints figures; exit code 1 if one is not as it should be.
"""
import argparse, os, pathlib, random, shutil, signal, sqlite3, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("--kills", type=int, default=200)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--at-writes", action="store_true")
parser.add_argument("--ask", action="store_true")
parser.add_argument("mlops", nargs="+")
options = parser.parse_args()
mlops = [os.path.abspath(a) if os.path.exists(a) else a for a in options.mlops]
rng = random.Random(options.seed)

root = pathlib.Path(tempfile.mkdtemp(prefix="mlops-kill-"))
files = {
    "config.yaml": """model: { name: killed, problem_type: regression }
runtime: { framework: custom }
data: { numbers: { source: data/numbers.csv } }
build:
  parameters: { round: { default: "0" } }
  preprocess: { entry_point: src/preprocess.sh, inputs: [numbers], outputs: [train] }
  train: { entry_point: src/train.sh, inputs: [preprocess.train], environment: { ROUND: "${parameters.round}" } }
  evaluate: { entry_point: src/evaluate.sh, inputs: [model] }
  quality_gates: { mae: { max: 1 } }
""",
    "data/numbers.csv": "1,2\n",
    "src/preprocess.sh": 'cp "$SAGEMAKER_BASE_DIR"/processing/input/numbers/* "$SAGEMAKER_BASE_DIR/processing/output/train/"; sleep 0.05\n',
    "src/train.sh": 'sleep 0.2 & sleep 0.2; echo "$ROUND" > "$SAGEMAKER_BASE_DIR/model/model.txt"\n',
    "src/evaluate.sh": 'sleep 0.05; echo \'{"regression_metrics":{"mae":{"value":0.5}}}\' > "$SAGEMAKER_BASE_DIR/processing/output/report/evaluation.json"\n',
}
for name, text in files.items():
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
subprocess.run([*mlops, "compile", "config.yaml", "--output", "bin/mlops"], cwd=root, check=True)

problems, running, slowest = [], 0, 0.0


def undisturbed(value):
    started = time.time()
    done = subprocess.run([*mlops, "run", "--artifacts", "bin/mlops", "--parameter", f"round={value}"], cwd=root, capture_output=True, text=True)
    if done.returncode != 0:
        problems.append(f"the run '{value}' failed: {done.stdout}{done.stderr}")
    return time.time() - started


def left_programs():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")) if os.path.isdir("/proc") else []:
        try:
            if str(root).encode() in open(f"/proc/{pid}/environ", "rb").read():
                found.append(pid)
        except OSError:
            continue
    return found


def query(sql):
    with sqlite3.connect(f"file:{root}/.mlops/registry.db?mode=rw", uri=True) as db:
        return db.execute(sql).fetchall()


def look(when):
    if not (root / ".mlops/registry.db").exists():
        return
    if query("PRAGMA integrity_check") != [("ok",)]:
        problems.append(f"{when}: integrity_check")
    if query("PRAGMA foreign_key_check"):
        problems.append(f"{when}: foreign_key_check")
    for version, url in query("SELECT version, model_data_url FROM model_versions"):
        if not (root / ".mlops/s3" / url[5:]).exists():
            problems.append(f"{when}: version {version} has no artifact")


first = undisturbed("first")
for n in range(options.kills):
    command = [*mlops, "run", "--artifacts", "bin/mlops", "--parameter", f"round={n}"]
    if options.at_writes:
        calls = "pwrite64,fsync,fdatasync,rename,unlink,ftruncate,symlink"
        command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={n + 1}", *command]
    process = subprocess.Popen(command, cwd=root, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if options.at_writes:
        running += process.wait() == -signal.SIGKILL
    else:
        time.sleep(rng.uniform(0.05, 1.1))
        if options.ask and process.poll() is None:
            asked, wanted = time.time(), rng.choice([signal.SIGINT, signal.SIGTERM])
            process.send_signal(wanted)
            code = process.wait()
            slowest = max(slowest, time.time() - asked)
            # Before it listens the system ends it, and after its work it has ended by itself.
            running += code == 128 + wanted
            if code not in (0, 128 + wanted, -wanted):
                problems.append(f"kill {n}: signal {wanted} is answered with {code}")
            if left_programs() or query("SELECT 1 FROM executions WHERE status = 'Executing'") and code != -wanted:
                problems.append(f"kill {n}: something goes on")
        elif process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            running += 1
        process.wait()
    look(f"kill {n}")

seconds = undisturbed("last")
look("the end")
if not running:
    problems.append("nothing was killed at work: there was nothing to see")
if seconds > max(first + 1, 2 * first):
    problems.append(f"the last run took {seconds:.2f} s, the first {first:.2f}")
if slowest > 5:
    problems.append(f"it took {slowest:.1f} s to end")
if query("SELECT 1 FROM executions WHERE status = 'Executing'"):
    problems.append("an execution is left Executing")
versions = [v for (v,) in query("SELECT version FROM model_versions ORDER BY version")]
if versions != list(range(1, len(versions) + 1)):
    problems.append(f"versions are {versions}")
if left := left_programs():
    problems.append(f"programs are left: {left}")

print(f"{options.kills} rounds, {running} killed at work, {len(versions)} versions, first run {first:.2f} s, last {seconds:.2f} s, at most {slowest:.2f} s to end where asked, {len(problems)} problems")
print("\n".join(problems))
shutil.rmtree(root, ignore_errors=True)
sys.exit(1 if problems else 0)
