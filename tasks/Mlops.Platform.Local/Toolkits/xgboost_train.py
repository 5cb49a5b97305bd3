"""SageMaker's built-in XGBoost algorithm, on the xgboost package of this machine.

Contract: https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html (channels, content types, hyperparameters) and
github.com/aws/sagemaker-xgboost-container, algorithm_mode/train.py (metrics in the log, the model's file).
The first argument is the image's version: before 1.3 the model is a pickle, since then xgboost's own format.
"""
import ast
import json
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import xgboost as xgb

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
# Of the algorithm, not of the package.
OWN = {"num_round", "csv_weights", "early_stopping_rounds", "eval_metric", "save_model_on_termination", "deterministic_histogram", "single_precision_histogram", "_num_cv_round", "_tuning_objective_metric"}


# What the algorithm takes beside those: "XGBoost hyperparameters" of the developer guide; and aliases of the package; its container refuses all others.
KNOWN = {
    "alpha", "aft_loss_distribution", "aft_loss_distribution_scale", "base_score", "booster", "colsample_bylevel", "colsample_bynode", "colsample_bytree", "dsplit", "eta",
    "gamma", "grow_policy", "huber_slope", "interaction_constraints", "lambda", "lambda_bias", "learning_rate", "max_bin", "max_cat_threshold", "max_cat_to_onehot", "max_delta_step",
    "max_depth", "max_leaves", "min_child_weight", "min_split_loss", "monotone_constraints", "normalize_type", "nthread", "num_class", "num_parallel_tree", "objective",
    "one_drop", "predictor", "process_type", "prob_buffer_row", "rate_drop", "reg_alpha", "reg_lambda", "refresh_leaf", "sample_type", "sampling_method", "scale_pos_weight",
    "seed", "silent", "sketch_eps", "skip_drop", "subsample", "tree_method", "tweedie_variance_power", "updater", "use_dask_gpu_training", "verbosity",
}


class UserError(Exception):
    """The job's failure reason."""


def scores(labels, predicted):
    """Precision, recall and F1 of each class that there is, and each class's share of the labels' hits."""
    found = []
    for kind in np.union1d(labels, predicted):
        hits = np.sum((labels == kind) & (predicted == kind))
        said, there = np.sum(predicted == kind), np.sum(labels == kind)
        precision, recall = hits / said if said else 0.0, hits / there if there else 0.0
        found.append((kind, precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0, there))
    return found


def of_class_1(column):
    return lambda labels, predicted: next((s[column] for s in scores(labels, predicted) if s[0] == 1), 0.0)


def mean(column):
    return lambda labels, predicted: np.mean([s[column] for s in scores(labels, predicted)])


def accuracy(labels, predicted):
    return np.mean(labels == predicted)


# Metrics of the algorithm's own, which the package has not (metrics/custom_metrics.py of its container; scikit-learn's definitions).
OF_CLASSES = {
    "accuracy": accuracy,
    "balanced_accuracy": lambda labels, predicted: np.mean([s[2] for s in scores(labels, predicted) if s[4]]),
    "f1": mean(3), "f1_binary": of_class_1(3), "f1_macro": mean(3),
    "precision": of_class_1(1), "precision_macro": mean(1), "precision_micro": accuracy,
    "recall": of_class_1(2), "recall_macro": mean(2), "recall_micro": accuracy,
}
OF_VALUES = {
    "mse": lambda labels, predicted: np.mean((labels - predicted) ** 2),
    "r2": lambda labels, predicted: 1 - np.sum((labels - predicted) ** 2) / np.sum((labels - np.mean(labels)) ** 2),
}


def own_metrics(names):
    def measure(predictions, data):
        labels = data.get_label()
        if predictions.ndim == 2:
            classes = np.argmax(predictions, axis=1)
        else:
            # Classes themselves (multi:softmax), or the probability of one.
            classes = predictions if np.all(predictions == np.round(predictions)) and predictions.max(initial=0) > 1 else (predictions > 0.5)
        classes = classes.astype(labels.dtype)
        return [(name, float(OF_CLASSES[name](labels, classes) if name in OF_CLASSES else OF_VALUES[name](labels, predictions))) for name in names]
    return measure


def value(text):
    """Hyperparameters are texts: a number, a list or a tuple where one is written."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return {"true": True, "false": False}.get(text.lower(), text)


def is_csv(content_type):
    kind = (content_type or "text/libsvm").split(";")[0].strip().lower()
    if kind in ("csv", "text/csv"):
        return True
    if kind in ("libsvm", "text/libsvm", "text/x-libsvm"):
        return False
    raise UserError(f"The content type '{content_type}' is not read here: use text/csv or text/libsvm.")


def files_of(folder):
    files = sorted(f for f in folder.rglob("*") if f.is_file() and not f.name.startswith((".", "_")))
    if not files:
        raise UserError(f"The channel '{folder.name}' holds no file.")
    return files


def read_csv(folder, weighted):
    rows = []
    for file in files_of(folder):
        with open(file, encoding="utf-8-sig") as lines:
            first = next((line for line in lines if line.strip()), "")
            delimiter = next((d for d in ",;\t|" if d in first), ",")
            for text in first.strip().split(delimiter):
                try:
                    float(text or "nan")
                except ValueError:
                    raise UserError(f"'{text}' in the first line of {file.name} is no number: the algorithm takes CSV of numbers, without a header, the target first.") from None
        rows.append(np.atleast_2d(np.genfromtxt(file, delimiter=delimiter, dtype=np.float32, encoding="utf-8-sig")))
    data = np.concatenate(rows)
    start = 2 if weighted else 1
    if data.shape[1] <= start:
        raise UserError(f"The channel '{folder.name}' has {data.shape[1]} columns: a target{', a weight' if weighted else ''} and a feature at least are needed.")
    return xgb.DMatrix(data[:, start:], label=data[:, 0], weight=data[:, 1] if weighted else None)


def read_libsvm(folder):
    files = files_of(folder)
    if len(files) == 1:
        return xgb.DMatrix(f"{files[0]}?format=libsvm")
    whole = BASE / "output" / f"{folder.name}.libsvm"
    whole.parent.mkdir(parents=True, exist_ok=True)
    whole.write_text("".join(f.read_text().rstrip("\n") + "\n" for f in files))
    return xgb.DMatrix(f"{whole}?format=libsvm")


class Log(xgb.callback.TrainingCallback):
    """Lines of the form that SageMaker's metric definitions of this algorithm look for."""

    def after_iteration(self, model, epoch, evals_log):
        metrics = "".join(f"#011{channel}-{metric}:{values[-1]:.5f}" for channel, found in evals_log.items() for metric, values in found.items())
        print(f"[{epoch}]{metrics}", flush=True)
        return False


def train(version):
    given = {name: value(text) for name, text in json.loads((BASE / "input/config/hyperparameters.json").read_text()).items()}
    channels = json.loads((BASE / "input/config/inputdataconfig.json").read_text())
    if "_kfold" in given:
        raise UserError("Cross-validation ('_kfold') is not done here: leave it out, or run the pipeline on aws.")
    if "num_round" not in given:
        raise UserError("The hyperparameter 'num_round' is missing: the algorithm needs it.")
    if unknown := sorted(given.keys() - OWN - KNOWN):
        raise UserError(f"Extraneous hyperparameter found: {unknown[0]}. The algorithm takes no such hyperparameter.")
    if not isinstance(given["num_round"], int) or given["num_round"] < 1:
        raise UserError(f"The hyperparameter 'num_round' is a whole number, and has '{given['num_round']}'.")
    if "train" not in channels:
        raise UserError(f"The channel 'train' is missing; there are {', '.join(sorted(channels))}.")
    data, own, metrics = {}, [], []
    for channel in ("train", "validation"):
        if channel in channels:
            folder = BASE / "input/data" / channel
            data[channel] = read_csv(folder, bool(given.get("csv_weights"))) if is_csv(channels[channel].get("ContentType")) else read_libsvm(folder)

    parameters = {name: v for name, v in given.items() if name not in OWN}
    objective = given.get("_tuning_objective_metric", "").split(":")[-1]
    if "eval_metric" in given or objective:
        metrics = given.get("eval_metric", [])
        metrics = [m.strip() for m in metrics.split(",")] if isinstance(metrics, str) else list(metrics)
        if objective and objective not in metrics:
            metrics.append(objective)
        own = [m for m in metrics if m in OF_CLASSES or m in OF_VALUES]
        parameters["eval_metric"] = [m for m in metrics if m not in own]
        if not parameters["eval_metric"]:
            parameters["disable_default_eval_metric"] = 1
    stop = given.get("early_stopping_rounds")
    if stop is not None and "validation" not in data:
        raise UserError("'early_stopping_rounds' needs a channel 'validation'.")
    callbacks = [Log()]
    if stop is not None:
        # The last metric decides; of the algorithm's own all but the error are better the greater they are.
        last = metrics[-1] if metrics else None
        callbacks.append(xgb.callback.EarlyStopping(int(stop), metric_name=last, data_name="validation", maximize=last != "mse" if last in own else None))
    booster = xgb.train(parameters, data["train"], num_boost_round=int(given["num_round"]), evals=[(d, c) for c, d in data.items()],
                        custom_metric=own_metrics(own) if own else None, verbose_eval=False, callbacks=callbacks)
    if stop is not None and booster.best_iteration + 1 < booster.num_boosted_rounds():
        booster = booster[: booster.best_iteration + 1]

    target = BASE / "model/xgboost-model"
    if tuple(int(p) for p in version.split(".")[:2]) < (1, 3):
        target.write_bytes(pickle.dumps(booster))
    else:
        booster.save_model(target)


if __name__ == "__main__":
    try:
        train(sys.argv[1])
    except (UserError, xgb.core.XGBoostError) as e:
        (BASE / "output").mkdir(parents=True, exist_ok=True)
        (BASE / "output/failure").write_text(str(e))
        sys.exit(str(e))
