"""Fit a calibration to scored rows, and say whether it makes the scores more honest."""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import calibration_methods
import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import StratifiedKFold

SEED = 20
BINS = 10


def calibration_error(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean distance of what was said from what happened, over bins of equal width."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    gaps = [
        abs(labels[bins == number].mean() - probabilities[bins == number].mean())
        * (bins == number).mean()
        for number in np.unique(bins)
    ]
    return float(sum(gaps))


def unseen(scores: np.ndarray, labels: np.ndarray, *, method: str, folds: int) -> np.ndarray:
    """Probability of each row by a curve that was fitted without it."""
    fit = calibration_methods.METHODS[method]
    probabilities = np.empty(len(scores))
    cuts = StratifiedKFold(folds, shuffle=True, random_state=SEED)
    for kept, held_out in cuts.split(scores, labels):
        curve = fit(scores[kept], labels[kept])
        probabilities[held_out] = calibration_methods.apply(curve, scores[held_out])
    return probabilities


def main(
    input_paths: Mapping[str, str],
    output_paths: Mapping[str, str],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Read `evaluation_data`; write `calibration_output` and `metrics_output`.

    Raises:
        ValueError: `CALIBRATION_METHOD` is not known.
    """
    predictions = pd.read_csv(Path(input_paths["evaluation_data"]) / "predictions.csv")
    calibration_output = Path(output_paths["calibration_output"])
    metrics_output = Path(output_paths["metrics_output"])
    method = environ_vars["CALIBRATION_METHOD"]
    folds = int(getattr(job_args, "folds", 5))
    if method not in calibration_methods.METHODS:
        known = ", ".join(calibration_methods.METHODS)
        raise ValueError(f"CALIBRATION_METHOD is {method!r}; choose one of {known}")

    scores, labels = predictions["score"].to_numpy(), predictions["label"].to_numpy()
    honest = unseen(scores, labels, method=method, folds=folds)
    metrics = {
        "brier_before": float(brier_score_loss(labels, scores)),
        "brier_after": float(brier_score_loss(labels, honest)),
        "calibration_error_before": calibration_error(labels, scores),
        "calibration_error_after": calibration_error(labels, honest),
    }
    for name, value in metrics.items():
        log(f"{method} {name}: {value:.4f}")

    points = calibration_methods.METHODS[method](scores, labels)
    curve = {"method": method, "scores": points[0].tolist(), "probabilities": points[1].tolist()}
    calibration_output.mkdir(parents=True, exist_ok=True)
    metrics_output.mkdir(parents=True, exist_ok=True)
    (calibration_output / "calibration.json").write_text(json.dumps(curve), encoding="utf-8")
    content = json.dumps({"method": method, "rows": len(labels), **metrics}, indent=2) + "\n"
    (metrics_output / "metrics.json").write_text(content, encoding="utf-8")
    return metrics
