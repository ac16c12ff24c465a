"""Score rows that training never saw, and say how good the scores are."""

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

CONTAINER = "/opt/ml/processing"


def score(table: pd.DataFrame, model: Path) -> np.ndarray:
    """The model's score of each row, 0 to 1, with gaps filled as in training."""
    booster = xgb.Booster(model_file=model / "model.json")
    features = json.loads((model / "feature_columns.json").read_text(encoding="utf-8"))
    medians = json.loads((model / "feature_medians.json").read_text(encoding="utf-8"))
    booster.set_param({"nthread": 1})
    return booster.predict(xgb.DMatrix(table[features].fillna(medians)))


def measure(labels: pd.Series, scores: np.ndarray, threshold: float) -> dict[str, float]:
    """Ranking quality, squared error, and what a cut at `threshold` finds."""
    found = scores >= threshold
    return {
        "rows": len(labels),
        "roc_auc": float(roc_auc_score(labels, scores)),
        "average_precision": float(average_precision_score(labels, scores)),
        "brier": float(brier_score_loss(labels, scores)),
        "precision": float(precision_score(labels, found, zero_division=0.0)),
        "recall": float(recall_score(labels, found)),
        "threshold": threshold,
    }


def main(
    input_paths: Mapping[str, str],
    output_paths: Mapping[str, str],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> dict[str, float]:
    """Read `model_input` and `processed_data`; write `eval_output` and `metrics_output`."""
    model = Path(input_paths["model_input"])
    processed = Path(input_paths["processed_data"])
    eval_output = Path(output_paths["eval_output"])
    metrics_output = Path(output_paths["metrics_output"])
    threshold = float(environ_vars.get("DECISION_THRESHOLD", "0.5"))
    job_type = job_args.job_type

    table = pd.read_csv(processed / job_type / f"{job_type}_processed_data.csv")
    predictions = table[["id", "label"]].assign(score=score(table, model))
    metrics = measure(table["label"], predictions["score"].to_numpy(), threshold)
    for name, value in metrics.items():
        print(f"{name}: {value:.4g}")

    eval_output.mkdir(parents=True, exist_ok=True)
    metrics_output.mkdir(parents=True, exist_ok=True)
    predictions.to_csv(eval_output / "predictions.csv", index=False)
    content = json.dumps(metrics, indent=2) + "\n"
    (metrics_output / "metrics.json").write_text(content, encoding="utf-8")
    return metrics


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Evaluate a trained model.")
    parser.add_argument("--job_type", required=True)
    main(
        {
            "model_input": f"{CONTAINER}/input/model",
            "processed_data": f"{CONTAINER}/input/data",
        },
        {
            "eval_output": f"{CONTAINER}/output/eval",
            "metrics_output": f"{CONTAINER}/output/metrics",
        },
        dict(os.environ),
        parser.parse_args(),
    )
