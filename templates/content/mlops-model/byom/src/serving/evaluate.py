"""Measures the model that was brought, and writes SageMaker's report on its quality."""

import csv
import json
import os
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

from inference import FEATURES, model_fn, predict_fn

PROCESSING = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "processing"
TARGET = "species"

with tempfile.TemporaryDirectory() as folder, tarfile.open(PROCESSING / "input/model/model.tar.gz") as archive:
    archive.extractall(folder)
    model = model_fn(folder)

penguins = []
for file in sorted((PROCESSING / "input/penguins").rglob("*.csv")):
    with open(file, newline="") as rows:
        penguins += list(csv.DictReader(rows))

pairs = Counter(zip((p[TARGET] for p in penguins), (species for species, _ in predict_fn([{f: p[f] for f in FEATURES} for p in penguins], model))))
species = sorted({name for pair in pairs for name in pair})
actual = {s: sum(pairs[s, p] for p in species) for s in species}
predicted = {s: sum(pairs[a, s] for a in species) for s in species}


def ratio(part, whole):
    """A species that is never predicted scores 0 and not 0/0."""
    return part / whole if whole else 0.0


precision = {s: ratio(pairs[s, s], predicted[s]) for s in species}
recall = {s: ratio(pairs[s, s], actual[s]) for s in species}
f1 = {s: ratio(2 * precision[s] * recall[s], precision[s] + recall[s]) for s in species}
weighted = lambda scores: sum(actual[s] * scores[s] for s in species) / len(penguins)
metrics = {
    "accuracy": sum(pairs[s, s] for s in species) / len(penguins),
    "weighted_precision": weighted(precision),
    "weighted_recall": weighted(recall),
    "weighted_f1": weighted(f1),
}
for name, value in metrics.items():
    print(f"{name}={value:.4f}")

# One test set gives one value per metric, and so no standard deviation.
report = {name: {"value": value, "standard_deviation": "NaN"} for name, value in metrics.items()}
report["confusion_matrix"] = {a: {p: pairs[a, p] for p in species} for a in species}
(PROCESSING / "output/report/evaluation.json").write_text(json.dumps({"multiclass_classification_metrics": report}, indent=2))
