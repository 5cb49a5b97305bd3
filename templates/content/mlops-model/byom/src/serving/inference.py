"""Serves the model: SageMaker's container calls these functions. A request is CSV without a header, a line a penguin.

The model is a multinomial logistic regression, written down as JSON: nothing but Python itself is needed to use it.
"""

import csv
import io
import json
import math
from pathlib import Path

CSV = "text/csv"
FEATURES = ["island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex"]


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


def predict_fn(penguins, model):
    """The most probable species of each penguin, with its probability."""
    answers = []
    for penguin in penguins:
        scores = {species: intercept for species, intercept in model["intercepts"].items()}
        for feature in model["numbers"]:
            # What was not measured counts as the mean.
            value = float(penguin[feature["name"]]) if penguin[feature["name"]] else feature["mean"]
            for species, weight in feature["weights"].items():
                scores[species] += weight * (value - feature["mean"]) / feature["deviation"]
        for feature in model["categories"]:
            # A category that was never seen speaks for no species.
            if penguin[feature["name"]] == feature["level"]:
                for species, weight in feature["weights"].items():
                    scores[species] += weight
        highest = max(scores.values())
        whole = sum(math.exp(score - highest) for score in scores.values())
        species = max(scores, key=scores.get)
        answers.append((species, 1 / whole))
    return answers


def output_fn(predictions, accept):
    """A line a penguin: its species and how probable that is."""
    return "".join(f"{species},{probability:.4f}\n" for species, probability in predictions), CSV
