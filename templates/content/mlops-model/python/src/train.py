"""Trains a multinomial logistic regression that tells the species of a penguin."""

import argparse
import os
from pathlib import Path

import joblib
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from penguins import CATEGORIES, FEATURES, NUMBERS, TARGET, read_folder


def pipeline(inverse_regularization: float):
    numbers = make_pipeline(SimpleImputer(strategy="mean"), StandardScaler())
    # A category that is missing or was never seen speaks for no species: all its columns are 0.
    categories = OneHotEncoder(handle_unknown="ignore")
    features = ColumnTransformer([("numbers", numbers, NUMBERS), ("categories", categories, CATEGORIES)])
    return make_pipeline(features, LogisticRegression(C=inverse_regularization, max_iter=1000))


if __name__ == "__main__":
    # Hyperparameters of config.yaml come as arguments.
    parser = argparse.ArgumentParser()
    parser.add_argument("--inverse_regularization", type=float, default=1.0)
    arguments = parser.parse_args()

    penguins = read_folder(Path(os.environ["SM_CHANNEL_TRAIN"]))
    model = pipeline(arguments.inverse_regularization).fit(penguins[FEATURES], penguins[TARGET])
    joblib.dump(model, Path(os.environ["SM_MODEL_DIR"]) / "model.joblib")

    # SageMaker collects metrics from lines of this form.
    print(f"train:log_loss={log_loss(penguins[TARGET], model.predict_proba(penguins[FEATURES])):.4f}")
    print(f"train:accuracy={accuracy_score(penguins[TARGET], model.predict(penguins[FEATURES])):.4f}")
