"""Train the churn model; both channels are folders with one features.csv."""

import json
import os

import lightgbm as lgb
import pandas as pd

CHANNELS = {
    "train": "/opt/ml/input/data/train",
    "validation": "/opt/ml/input/data/validation",
}
MODEL_DIR = "/opt/ml/model"


def read_channel(folder, label):
    table = pd.read_csv(os.path.join(folder, "features.csv"))
    if label not in table:
        raise KeyError(f"{folder} has no column {label}")
    return table.drop(columns=[label, "customer"]), table[label]


def main(input_paths, output_paths, environ_vars, job_args):
    label = environ_vars["LABEL"]
    x, y = read_channel(input_paths["train"], label)
    x_val, y_val = read_channel(input_paths["validation"], label)

    train = lgb.Dataset(x, y)
    params = {
        "objective": "binary",
        "metric": "auc",
        "learning_rate": float(environ_vars.get("LEARNING_RATE", "0.05")),
        "num_leaves": int(environ_vars.get("NUM_LEAVES", "31")),
        "verbosity": -1,
    }
    for name, value in environ_vars.items():
        if name.startswith("LGB_"):
            params[name.removeprefix("LGB_").lower()] = float(value)
    evals = {}
    booster = lgb.train(
        params,
        train,
        num_boost_round=1000,
        valid_sets=[lgb.Dataset(x_val, y_val, reference=train)],
        callbacks=[lgb.early_stopping(50), lgb.record_evaluation(evals)],
    )
    model_dir = output_paths.get("model", MODEL_DIR)
    os.makedirs(model_dir, exist_ok=True)
    booster.save_model(os.path.join(model_dir, "churn_model.txt"))
    with open(os.path.join(model_dir, "columns.json"), "w") as f:
        json.dump(list(x.columns), f)
    with open(os.path.join(model_dir, "evals.json"), "w") as f:
        json.dump(evals, f)


if __name__ == "__main__":
    main(CHANNELS, {"model": MODEL_DIR}, os.environ, None)
