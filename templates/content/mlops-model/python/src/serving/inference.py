"""Serves the model: SageMaker's container calls these functions. A request is CSV without a header, a line a penguin."""

import io
from pathlib import Path

import joblib
import pandas as pd

CSV = "text/csv"
#if (problemType == "regression")
FEATURES = ["species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "sex"]
CATEGORIES = ["species", "island", "sex"]
#elseif (problemType == "binary_classification")
FEATURES = ["species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
CATEGORIES = ["species", "island"]
#else
FEATURES = ["island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex"]
CATEGORIES = ["island", "sex"]
#endif


def model_fn(model_dir):
    """Loads the model, once for each worker."""
    return joblib.load(Path(model_dir) / "model.joblib")


def input_fn(body, content_type):
    if content_type.split(";")[0].strip() != CSV:
        raise ValueError(f"the content type must be {CSV}, not {content_type}")
    text = body.decode("utf-8") if isinstance(body, (bytes, bytearray)) else body
    penguins = pd.read_csv(io.StringIO(text), header=None, dtype={FEATURES.index(c): object for c in CATEGORIES})
    if len(penguins.columns) != len(FEATURES):
        raise ValueError(f"a line must have {len(FEATURES)} values ({', '.join(FEATURES)}), not {len(penguins.columns)}")
    penguins.columns = FEATURES
    return penguins


def predict_fn(penguins, model):
#if (problemType == "regression")
    return pd.DataFrame({"TARGET_COLUMN": model.predict(penguins)})
#else
    return pd.DataFrame({"TARGET_COLUMN": model.predict(penguins), "probability": model.predict_proba(penguins).max(axis=1)})
#endif


def output_fn(predictions, accept):
#if (problemType == "regression")
    """A line a penguin: its body mass in grams."""
    return predictions.to_csv(header=False, index=False, float_format="%.1f"), CSV
#else
    """A line a penguin: its TARGET_COLUMN and how probable that is."""
    return predictions.to_csv(header=False, index=False, float_format="%.4f"), CSV
#endif
