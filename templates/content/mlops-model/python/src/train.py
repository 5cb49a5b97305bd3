"""Trains a multinomial logistic regression that tells the species of a penguin."""

import argparse
import os
from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

TARGET = "species"
NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
CATEGORIES = ["island", "sex"]


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

    penguins = pd.read_csv(Path(os.environ["SM_CHANNEL_TRAIN"]) / "train.csv")
    features, target = penguins.drop(columns=TARGET), penguins[TARGET]
    model = pipeline(arguments.inverse_regularization).fit(features, target)
    joblib.dump(model, Path(os.environ["SM_MODEL_DIR"]) / "model.joblib")

    # SageMaker collects metrics from lines of this form.
    print(f"train:log_loss={log_loss(target, model.predict_proba(features)):.4f}")
    print(f"train:accuracy={accuracy_score(target, model.predict(features)):.4f}")
