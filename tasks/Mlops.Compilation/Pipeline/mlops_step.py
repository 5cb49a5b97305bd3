"""Installs what the requirements.txt beside it names, and then becomes the step's program: processing containers install nothing by themselves, as training and serving
containers do. Called as: python3 mlops_step.py PROGRAM ARGUMENTS..."""
import os
import subprocess
import sys
from pathlib import Path

requirements = Path(__file__).resolve().parent / "requirements.txt"
pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "-r", str(requirements)]
installed = subprocess.run(pip, check=False)
if installed.returncode != 0:
    reason = f"requirements.txt could not be installed: pip ended with {installed.returncode}. Its last lines in the job's log say why."
    message = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "output/message"  # ExitMessage of the job.
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_text(reason)
    sys.exit(reason)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
