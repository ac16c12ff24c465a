#!/usr/bin/env python3
"""Scores of a split, by the trained network."""

import json
from pathlib import Path

import pandas as pd
import torch

from .pytorch_training import Config, CreditNet

CONTAINER_PATHS = {
    "MODEL_DIR": "/opt/ml/processing/input/model",
    "EVAL_DATA_DIR": "/opt/ml/processing/input/eval_data",
    "OUTPUT_EVAL_DIR": "/opt/ml/processing/output/eval",
}


def load_model_artifacts(model_dir: Path):
    with (model_dir / "model_artifacts.json").open() as f:
        artifacts = json.load(f)
    net = CreditNet(len(artifacts["features"]), Config(**artifacts["config"]))
    net.load_state_dict(torch.load(model_dir / "credit_net.pth"))
    return net.eval(), artifacts["features"]


def load_eval_data(eval_dir: Path, split: str) -> pd.DataFrame:
    return pd.read_csv(eval_dir / split / f"{split}_imputed.csv")


def main(input_paths, output_paths, environ_vars, job_args):
    job_type = job_args.job_type
    model_dir = Path(input_paths.get("model_input", CONTAINER_PATHS["MODEL_DIR"]))
    eval_dir = Path(input_paths.get("processed_data", CONTAINER_PATHS["EVAL_DATA_DIR"]))
    net, features = load_model_artifacts(model_dir)
    df = load_eval_data(eval_dir, job_type)
    with torch.no_grad():
        x = torch.tensor(df[features].to_numpy(), dtype=torch.float32)
        df["prob_class_1"] = torch.sigmoid(net.net(x)[:, 0]).numpy()
    out = Path(output_paths.get("eval_output", CONTAINER_PATHS["OUTPUT_EVAL_DIR"]))
    out.mkdir(parents=True, exist_ok=True)
    df.to_parquet(out / "scored_predictions.parquet")


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--job_type", required=True)
    main(
        {
            "model_input": CONTAINER_PATHS["MODEL_DIR"],
            "processed_data": CONTAINER_PATHS["EVAL_DATA_DIR"],
        },
        {"eval_output": CONTAINER_PATHS["OUTPUT_EVAL_DIR"]},
        {},
        parser.parse_args(),
    )
