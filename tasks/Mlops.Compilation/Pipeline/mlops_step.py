"""Installs what the requirements.txt beside it names, and what runs a notebook where the image has it not, and then becomes the step's program: processing containers
install nothing by themselves, as training and serving containers do. Called as: python3 mlops_step.py PROGRAM ARGUMENTS..."""
import importlib.util
import os
import subprocess
import sys
from pathlib import Path



def install(what, *packages):
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", *packages]
    installed = subprocess.run(pip, check=False)
    if installed.returncode == 0:
        return
    reason = f"{what} could not be installed: pip ended with {installed.returncode}. Its last lines in the job's log say why."
    message = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "output/message"  # ExitMessage of the job.
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_text(reason)
    sys.exit(reason)


requirements = Path(__file__).resolve().parent / "requirements.txt"
if requirements.is_file():
    install("requirements.txt", "-r", str(requirements))
    importlib.invalidate_caches()
if sys.argv[1:3] == ["-m", "papermill"] and importlib.util.find_spec("papermill") is None:
    install("papermill, which runs notebooks,", "papermill", "ipykernel")
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
