"""Measures the trained model with penguins it has not seen, and writes SageMaker's report on its quality."""

import json
import os
import tarfile
import tempfile
from pathlib import Path

import pandas as pd
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from inference import FEATURES, model_fn

PROCESSING = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "processing"
TARGET = "species"

test = pd.read_csv(PROCESSING / "input/test/test.csv")
with tempfile.TemporaryDirectory() as folder, tarfile.open(PROCESSING / "input/model/model.tar.gz") as archive:
    archive.extractall(folder)
    model = model_fn(folder)

actual, predicted = test[TARGET], model.predict(test[FEATURES])
# A species that is never predicted scores 0 and not 0/0.
precision, recall, f1, _ = precision_recall_fscore_support(actual, predicted, average="weighted", zero_division=0)
metrics = {
    "accuracy": accuracy_score(actual, predicted),
    "weighted_precision": precision,
    "weighted_recall": recall,
    "weighted_f1": f1,
}
for name, value in metrics.items():
    print(f"{name}={value:.4f}")

# One test set gives one value per metric, and so no standard deviation.
report = {name: {"value": float(value), "standard_deviation": "NaN"} for name, value in metrics.items()}
species = [str(s) for s in model.classes_]
report["confusion_matrix"] = {
    species[i]: {species[j]: int(count) for j, count in enumerate(row)}
    for i, row in enumerate(confusion_matrix(actual, predicted, labels=model.classes_))
}
(PROCESSING / "output/report/evaluation.json").write_text(json.dumps({"multiclass_classification_metrics": report}, indent=2))
