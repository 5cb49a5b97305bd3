"""Functions that serve a model of SageMaker's built-in XGBoost algorithm: CSV or libsvm in, CSV or JSON out.

Contract: github.com/aws/sagemaker-xgboost-container, algorithm_mode/serve.py and serve_utils.py.
"""
import json
import os
import pickle

import numpy as np
import xgboost as xgb


def model_fn(model_dir):
    path = os.path.join(model_dir, "xgboost-model")
    try:
        booster = xgb.Booster()
        booster.load_model(path)
        return booster
    except xgb.core.XGBoostError:
        with open(path, "rb") as file:  # As containers before 1.3 write it. It is this pipeline's own.
            return pickle.load(file)


def input_fn(body, content_type):
    kind = content_type.split(";")[0].strip().lower()
    text = body.decode("utf-8") if isinstance(body, (bytes, bytearray)) else body
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError("The request holds no row.")
    if kind in ("text/csv", "csv"):
        return np.array([[float(v) if v.strip() else np.nan for v in line.split(",")] for line in lines], dtype=np.float32)
    if kind in ("text/libsvm", "text/x-libsvm"):
        rows = [dict(pair.split(":") for pair in line.split() if ":" in pair) for line in lines]
        data = np.full((len(rows), 1 + max((int(i) for row in rows for i in row), default=0)), np.nan, dtype=np.float32)
        for at, row in enumerate(rows):
            for index, number in row.items():
                data[at, int(index)] = float(number)
        return data
    raise ValueError(f"The content type '{content_type}' is not read: use text/csv or text/libsvm.")


def predict_fn(data, booster):
    features = booster.num_features()
    if data.shape[1] > features:
        raise ValueError(f"A row has {data.shape[1]} values, the model {features} features. The target does not belong into a request.")
    if data.shape[1] < features:  # libsvm leaves out what is missing at the end.
        data = np.hstack([data, np.full((len(data), features - data.shape[1]), np.nan, dtype=np.float32)])
    return booster.predict(xgb.DMatrix(data), validate_features=False)


def output_fn(prediction, accept):
    scores = prediction.tolist()
    if accept.split(";")[0].strip().lower() == "application/json":
        return json.dumps({"predictions": [{"score": score} for score in scores]}), "application/json"
    # A batch has a line for each record; a request, as the algorithm answers it, one line.
    batch = os.environ.get("SAGEMAKER_BATCH", "").lower() == "true"
    texts = [str(score) for score in scores]
    return ("\n".join(texts) + "\n" if batch else ",".join(texts)), "text/csv"
