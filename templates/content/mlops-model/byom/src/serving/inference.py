"""Serves the model: SageMaker's container calls these functions. A request is CSV without a header, a line a penguin.

The model is MODEL_KIND, written down as JSON: nothing but Python itself is needed to use it.
"""

import csv
import io
import json
#if (problemType != "regression")
import math
#endif
from pathlib import Path

CSV = "text/csv"
#if (problemType == "regression")
FEATURES = ["species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "sex"]
#elseif (problemType == "binary_classification")
FEATURES = ["species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
#else
FEATURES = ["island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex"]
#endif


def model_fn(model_dir):
    return json.loads((Path(model_dir) / "model.json").read_text())


def input_fn(body, content_type):
    if content_type.split(";")[0].strip() != CSV:
        raise ValueError(f"the content type must be {CSV}, not {content_type}")
    text = body.decode("utf-8") if isinstance(body, (bytes, bytearray)) else body
    penguins = [row for row in csv.reader(io.StringIO(text)) if row]
    for row in penguins:
        if len(row) != len(FEATURES):
            raise ValueError(f"a line must have {len(FEATURES)} values ({', '.join(FEATURES)}), not {len(row)}")
    return [dict(zip(FEATURES, row)) for row in penguins]


#if (problemType == "regression")
def predict_fn(penguins, model):
    """The body mass of each penguin, in grams."""
    answers = []
    for penguin in penguins:
        answer = model["intercept"]
        for feature in model["numbers"]:
            # What was not measured counts as the mean.
            value = float(penguin[feature["name"]]) if penguin[feature["name"]] else feature["mean"]
            answer += feature["weight"] * (value - feature["mean"]) / feature["deviation"]
        # A category that was never seen says nothing.
        answer += sum(f["weight"] for f in model["categories"] if penguin[f["name"]] == f["level"])
        answers.append(answer)
    return answers


def output_fn(predictions, accept):
    """A line a penguin: its body mass."""
    return "".join(f"{mass:.1f}\n" for mass in predictions), CSV
#else
def predict_fn(penguins, model):
    """The most probable TARGET_COLUMN of each penguin, with its probability."""
    answers = []
    for penguin in penguins:
        scores = {name: intercept for name, intercept in model["intercepts"].items()}
        for feature in model["numbers"]:
            # What was not measured counts as the mean.
            value = float(penguin[feature["name"]]) if penguin[feature["name"]] else feature["mean"]
            for name, weight in feature["weights"].items():
                scores[name] += weight * (value - feature["mean"]) / feature["deviation"]
        for feature in model["categories"]:
            # A category that was never seen says nothing.
            if penguin[feature["name"]] == feature["level"]:
                for name, weight in feature["weights"].items():
                    scores[name] += weight
        highest = max(scores.values())
        whole = sum(math.exp(score - highest) for score in scores.values())
        answers.append((max(scores, key=scores.get), 1 / whole))
    return answers


def output_fn(predictions, accept):
    """A line a penguin: its TARGET_COLUMN and how probable that is."""
    return "".join(f"{name},{probability:.4f}\n" for name, probability in predictions), CSV
#endif
