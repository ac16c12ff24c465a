"""Serve the packaged model: the four functions that a model server calls."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xgboost as xgb


@dataclass(frozen=True)
class Model:
    """What the archive holds, ready to score."""

    booster: xgb.Booster
    features: list[str]
    medians: dict[str, float]
    curve: tuple[list[float], list[float]] | None
    """Scores and their probabilities; `None` for a model that was packed uncalibrated."""


def model_fn(model_dir: str) -> Model:
    """Load the unpacked archive."""
    folder = Path(model_dir)
    features = json.loads((folder / "feature_columns.json").read_text(encoding="utf-8"))
    medians = json.loads((folder / "feature_medians.json").read_text(encoding="utf-8"))
    calibration = folder / "calibration" / "calibration.json"
    curve = None
    if calibration.is_file():
        points = json.loads(calibration.read_text(encoding="utf-8"))
        curve = (points["scores"], points["probabilities"])
    return Model(xgb.Booster(model_file=folder / "model.json"), features, medians, curve)


def input_fn(body: str, content_type: str) -> list[dict[str, float]] | list[list[str]]:
    """The rows of a request: by name from JSON, in the model's order from CSV.

    Raises:
        ValueError: The content type is not served.
    """
    if content_type == "application/json":
        return json.loads(body)["instances"]
    if content_type == "text/csv":
        return [line.split(",") for line in body.splitlines() if line.strip()]
    raise ValueError(f"{content_type} is not served; send text/csv or application/json")


def predict_fn(rows: list[dict[str, float]] | list[list[str]], model: Model) -> np.ndarray:
    """The probability of each row, 0 to 1.

    A row of names may leave some out: they are filled with the medians of training.

    Raises:
        ValueError: A row without names has too few or too many values, or one is no number.
    """
    named = [
        row if isinstance(row, dict) else dict(zip(model.features, row, strict=True))
        for row in rows
    ]
    filled = [model.medians | row for row in named]
    table = np.array([[float(row[name]) for name in model.features] for row in filled])
    scores = model.booster.predict(xgb.DMatrix(table, feature_names=model.features))
    return scores if model.curve is None else np.interp(scores, *model.curve)


def output_fn(probabilities: np.ndarray, accept: str) -> str:
    """The answer as text.

    Raises:
        ValueError: The type asked for is not served.
    """
    if accept == "application/json":
        return json.dumps({"probabilities": [float(value) for value in probabilities]})
    if accept == "text/csv":
        return "".join(f"{value}\n" for value in probabilities)
    raise ValueError(f"{accept} is not served; ask for text/csv or application/json")
