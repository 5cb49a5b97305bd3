"""The columns of a penguin, and where SageMaker puts files."""

import os
from pathlib import Path

import pandas as pd

TARGET = "species"
NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
CATEGORIES = ["island", "sex"]
FEATURES = ["island", *NUMBERS, "sex"]  # in the order of the file

# /opt/ml in SageMaker's containers; on a laptop it is a folder of the run.
BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


def input_folder(name: str) -> Path:
    return BASE / "processing" / "input" / name


def output_folder(name: str) -> Path:
    return BASE / "processing" / "output" / name


def read_folder(folder: Path) -> pd.DataFrame:
    """All penguins of a folder's CSV files, in the order of the files' names."""
    files = sorted(folder.rglob("*.csv"))
    if not files:
        raise SystemExit(f"{folder} holds no CSV file")
    return pd.concat([pd.read_csv(file) for file in files], ignore_index=True)
