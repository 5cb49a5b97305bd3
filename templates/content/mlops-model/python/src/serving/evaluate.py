"""Measures the trained model with penguins it has not seen, and writes SageMaker's report on its quality."""

import json
import os
import tarfile
import tempfile
from pathlib import Path

import pandas as pd
#if (problemType == "regression")
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
#elseif (problemType == "binary_classification")
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support, roc_auc_score
#else
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support
#endif

from inference import FEATURES, model_fn

PROCESSING = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "processing"
TARGET = "TARGET_COLUMN"

test = pd.read_csv(PROCESSING / "input/test/test.csv")
with tempfile.TemporaryDirectory() as folder, tarfile.open(PROCESSING / "input/model/model.tar.gz") as archive:
    archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Nothing outside of the folder, where this Python knows how (PEP 706).
    archive.extractall(folder)
    model = model_fn(folder)

actual, predicted = test[TARGET], model.predict(test[FEATURES])
#if (problemType == "regression")
metrics = {
    "mae": mean_absolute_error(actual, predicted),
    "mse": mean_squared_error(actual, predicted),
    "rmse": mean_squared_error(actual, predicted) ** 0.5,
    "r2": r2_score(actual, predicted),
}
#elseif (problemType == "binary_classification")
# Of the two classes the second in order counts as the positive one.
positive = model.classes_[1]
precision, recall, f1, _ = precision_recall_fscore_support(actual, predicted, pos_label=positive, average="binary", zero_division=0)
metrics = {
    "accuracy": accuracy_score(actual, predicted),
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "auc": roc_auc_score(actual == positive, model.predict_proba(test[FEATURES])[:, 1]),
}
#else
# A species that is never predicted scores 0 and not 0/0.
precision, recall, f1, _ = precision_recall_fscore_support(actual, predicted, average="weighted", zero_division=0)
metrics = {
    "accuracy": accuracy_score(actual, predicted),
    "weighted_precision": precision,
    "weighted_recall": recall,
    "weighted_f1": f1,
}
#endif
for name, value in metrics.items():
    print(f"{name}={value:.4f}")

# One test set gives one value per metric, and so no standard deviation.
report = {name: {"value": float(value), "standard_deviation": "NaN"} for name, value in metrics.items()}
#if (problemType != "regression")
classes = [str(c) for c in model.classes_]
report["confusion_matrix"] = {
    classes[i]: {classes[j]: int(count) for j, count in enumerate(row)}
    for i, row in enumerate(confusion_matrix(actual, predicted, labels=model.classes_))
}
#endif
(PROCESSING / "output/report/evaluation.json").write_text(json.dumps({"PROBLEM_TYPE_metrics": report}, indent=2))
