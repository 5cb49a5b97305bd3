"""Cleans the penguins and splits them into those to train with and those to test with."""

import os
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

# /opt/ml in SageMaker's containers; on a laptop it is a folder of the run.
PROCESSING = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "processing"
TARGET = "TARGET_COLUMN"
#if (problemType == "regression")
NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
#else
NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
#endif
TEST_SHARE = 0.2

penguins = pd.concat([pd.read_csv(file) for file in sorted((PROCESSING / "input/penguins").rglob("*.csv"))], ignore_index=True)

# A penguin that was not measured at all has nothing to learn from. Single gaps stay: the model fills them,
# because it must be able to do so when serving, too.
measured = penguins.dropna(subset=[TARGET]).dropna(subset=NUMBERS, how="all")

# The fixed seed gives the same split every time: two runs can be compared, and later steps need not run again
#if (problemType == "binary_classification")
# when the data did not change. Each sex keeps its share in both files.
train, test = train_test_split(measured, test_size=TEST_SHARE, stratify=measured[TARGET], random_state=42)
#else
# when the data did not change. Each species keeps its share in both files.
train, test = train_test_split(measured, test_size=TEST_SHARE, stratify=measured["species"], random_state=42)
#endif

train.to_csv(PROCESSING / "output/train/train.csv", index=False)
test.to_csv(PROCESSING / "output/test/test.csv", index=False)
print(f"{len(penguins)} penguins, {len(penguins) - len(measured)} dropped (not measured): "
      f"{len(train)} to train with, {len(test)} to test with")
