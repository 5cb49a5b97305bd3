"""Measures the model that was brought, and writes SageMaker's report on its quality."""

import csv
import json
import os
import tarfile
import tempfile
#if (problemType != "regression")
from collections import Counter
#endif
from pathlib import Path

from inference import FEATURES, model_fn, predict_fn

PROCESSING = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "processing"
TARGET = "TARGET_COLUMN"

with tempfile.TemporaryDirectory() as folder, tarfile.open(PROCESSING / "input/model/model.tar.gz") as archive:
    archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Nothing outside of the folder, where this Python knows how (PEP 706).
    archive.extractall(folder)
    model = model_fn(folder)

penguins = []
for file in sorted((PROCESSING / "input/penguins").rglob("*.csv")):
    with open(file, newline="") as rows:
        penguins += list(csv.DictReader(rows))

penguins = [p for p in penguins if p[TARGET]]
answers = predict_fn([{f: p[f] for f in FEATURES} for p in penguins], model)

#if (problemType == "regression")
actual = [float(p[TARGET]) for p in penguins]
errors = [a - answer for a, answer in zip(actual, answers)]
mean = sum(actual) / len(actual)
metrics = {
    "mae": sum(abs(e) for e in errors) / len(errors),
    "mse": sum(e * e for e in errors) / len(errors),
    "rmse": (sum(e * e for e in errors) / len(errors)) ** 0.5,
    "r2": 1 - sum(e * e for e in errors) / sum((a - mean) ** 2 for a in actual),
}
#else
pairs = Counter(zip((p[TARGET] for p in penguins), (answer for answer, _ in answers)))
classes = sorted({name for pair in pairs for name in pair})
actual = {s: sum(pairs[s, p] for p in classes) for s in classes}
predicted = {s: sum(pairs[a, s] for a in classes) for s in classes}


def ratio(part, whole):
    """A class that is never predicted scores 0 and not 0/0."""
    return part / whole if whole else 0.0


#if (problemType == "binary_classification")
# Of the two classes the second in order counts as the positive one.
positive = classes[1]
hits = pairs[positive, positive]
precision, recall = ratio(hits, predicted[positive]), ratio(hits, actual[positive])
metrics = {
    "accuracy": sum(pairs[s, s] for s in classes) / len(penguins),
    "precision": precision,
    "recall": recall,
    "f1": ratio(2 * precision * recall, precision + recall),
}
#else
precision = {s: ratio(pairs[s, s], predicted[s]) for s in classes}
recall = {s: ratio(pairs[s, s], actual[s]) for s in classes}
f1 = {s: ratio(2 * precision[s] * recall[s], precision[s] + recall[s]) for s in classes}
weighted = lambda scores: sum(actual[s] * scores[s] for s in classes) / len(penguins)
metrics = {
    "accuracy": sum(pairs[s, s] for s in classes) / len(penguins),
    "weighted_precision": weighted(precision),
    "weighted_recall": weighted(recall),
    "weighted_f1": weighted(f1),
}
#endif
#endif
for name, value in metrics.items():
    print(f"{name}={value:.4f}")

# One test set gives one value per metric, and so no standard deviation.
report = {name: {"value": value, "standard_deviation": "NaN"} for name, value in metrics.items()}
#if (problemType != "regression")
report["confusion_matrix"] = {a: {p: pairs[a, p] for p in classes} for a in classes}
#endif
(PROCESSING / "output/report/evaluation.json").write_text(json.dumps({"PROBLEM_TYPE_metrics": report}, indent=2))
