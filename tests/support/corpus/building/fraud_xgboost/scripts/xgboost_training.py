#!/usr/bin/env python
"""Train boosted trees on the mapped splits."""
import json
import os
import sys
import tarfile
from pathlib import Path

import pandas as pd
import xgboost as xgb
from pydantic import BaseModel, Field

PROCESSING = "/opt/ml"
DEFAULTS = {
    "train": os.path.join(PROCESSING, "input/data"),
    "model": os.path.join(PROCESSING, "model"),
    "evaluation": os.path.join(PROCESSING, "output/data"),
}


class XGBoostConfig(BaseModel):
    """Hyperparameters, read from a file when there is one."""

    label_name: str = "is_fraud"
    id_name: str = "transaction"
    eta: float = Field(default=0.1)
    max_depth: int = 6
    num_round: int = 200
    early_stopping_rounds: int | None = 20


def find_file(folder, split):
    folder = Path(folder) / split
    return folder / f"{split}_processed_data.csv"


def load_datasets(root):
    return tuple(pd.read_csv(find_file(root, split)) for split in ("train", "val", "test"))


def as_matrix(df, config):
    features = [c for c in df.columns if c not in (config.label_name, config.id_name)]
    return xgb.DMatrix(df[features], label=df[config.label_name]), features


def save_artifacts(model, model_path, feature_columns, config):
    os.makedirs(model_path, exist_ok=True)
    model.save_model(os.path.join(model_path, "xgboost_model.bst"))
    with open(os.path.join(model_path, "feature_columns.txt"), "w") as f:
        for position, column in enumerate(feature_columns):
            f.write(f"{position},{column}\n")
    with open(os.path.join(model_path, "hyperparameters.json"), "w") as f:
        json.dump(config.model_dump(), f)


def save_predictions(model, matrix, frame, folder, split):
    target = os.path.join(folder, split)
    os.makedirs(target, exist_ok=True)
    frame.assign(prob=model.predict(matrix)).to_csv(
        os.path.join(target, "predictions.csv"), index=False
    )
    with tarfile.open(os.path.join(folder, f"{split}.tar.gz"), "w:gz") as archive:
        archive.add(target, arcname=split)


def main(input_paths, output_paths, environ_vars, job_args):
    data_dir = input_paths["input_path"]
    model_dir = output_paths["model_output"]
    evaluation_dir = output_paths["evaluation_output"]
    hparam_file = input_paths.get("hyperparameters_s3_uri")
    if hparam_file:
        config = XGBoostConfig(**json.loads(Path(hparam_file, "hyperparameters.json").read_text()))
    else:
        config = XGBoostConfig()

    train_df, val_df, test_df = load_datasets(data_dir)
    train, features = as_matrix(train_df, config)
    val, _ = as_matrix(val_df, config)
    test, _ = as_matrix(test_df, config)
    params = {"eta": config.eta, "max_depth": config.max_depth, "objective": "binary:logistic"}
    if environ_vars.get("USE_GPU", "false").lower() == "true":
        params["device"] = "cuda"
    model = xgb.train(
        params,
        train,
        num_boost_round=config.num_round,
        evals=[(train, "train"), (val, "val")],
        early_stopping_rounds=config.early_stopping_rounds,
    )
    save_artifacts(model, model_dir, features, config)
    save_predictions(model, val, val_df, evaluation_dir, "val")
    save_predictions(model, test, test_df, evaluation_dir, "test")


if __name__ == "__main__":
    try:
        main(
            {"input_path": DEFAULTS["train"]},
            {"model_output": DEFAULTS["model"], "evaluation_output": DEFAULTS["evaluation"]},
            {},
            None,
        )
    except Exception as error:
        print(f"FATAL: {error}", file=sys.stderr)
        sys.exit(1)
