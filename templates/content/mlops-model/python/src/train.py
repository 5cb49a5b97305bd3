"""Trains MODEL_KIND that MODEL_TASK."""

import argparse
import os
from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
#if (problemType == "regression")
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error, r2_score
#else
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
#endif
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

TARGET = "TARGET_COLUMN"
#if (problemType == "regression")
NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
CATEGORIES = ["species", "island", "sex"]
#elseif (problemType == "binary_classification")
NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
CATEGORIES = ["species", "island"]
#else
NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
CATEGORIES = ["island", "sex"]
#endif


def pipeline(regularization: float):
    numbers = make_pipeline(SimpleImputer(strategy="mean"), StandardScaler())
    # A category that is missing or was never seen says nothing: all its columns are 0.
    categories = OneHotEncoder(handle_unknown="ignore")
    features = ColumnTransformer([("numbers", numbers, NUMBERS), ("categories", categories, CATEGORIES)])
#if (problemType == "regression")
    return make_pipeline(features, Ridge(alpha=regularization))
#else
    return make_pipeline(features, LogisticRegression(C=1 / regularization, max_iter=1000))
#endif


if __name__ == "__main__":
    # Hyperparameters of config.yaml come as arguments.
    parser = argparse.ArgumentParser()
    parser.add_argument("--regularization", type=float, default=1.0)
    arguments = parser.parse_args()

    penguins = pd.read_csv(Path(os.environ["SM_CHANNEL_TRAIN"]) / "train.csv")
    features, target = penguins.drop(columns=TARGET), penguins[TARGET]
    model = pipeline(arguments.regularization).fit(features, target)
    joblib.dump(model, Path(os.environ["SM_MODEL_DIR"]) / "model.joblib")

    # SageMaker collects metrics from lines of this form.
#if (problemType == "regression")
    print(f"train:rmse={mean_squared_error(target, model.predict(features)) ** 0.5:.4f}")
    print(f"train:r2={r2_score(target, model.predict(features)):.4f}")
#else
    print(f"train:log_loss={log_loss(target, model.predict_proba(features)):.4f}")
    print(f"train:accuracy={accuracy_score(target, model.predict(features)):.4f}")
#endif
