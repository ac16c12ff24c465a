"""Train boosted trees on `train/`, watch them on `val/`, and write all that a scorer needs."""

import argparse
import json
import logging
import pickle
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import xgboost as xgb
from tabular_preprocessing import MedianImputer

from .features import feature_columns, load_split

logger = logging.getLogger(__name__)

SEED = 20


def as_matrix(table: pd.DataFrame, features: list[str]) -> xgb.DMatrix:
    """The table as xgboost takes it, labels included."""
    return xgb.DMatrix(table[features], label=table["label"])


def load_medians(folder: Path) -> dict[str, float]:
    """The medians that preprocessing filled gaps with.

    Raises:
        TypeError: `imputer.pkl` holds something else.
    """
    imputer = pickle.loads((folder / "imputer.pkl").read_bytes())
    if not isinstance(imputer, MedianImputer):
        raise TypeError(f"imputer.pkl holds a {type(imputer).__name__}, not a MedianImputer")
    return imputer.medians


def train(
    tables: Mapping[str, pd.DataFrame], features: list[str], parameters: dict[str, object]
) -> tuple[xgb.Booster, dict[str, float]]:
    """A model after all rounds, and its last metric on each table."""
    rounds = int(str(parameters["n_estimators"]))
    matrices = {name: as_matrix(table, features) for name, table in tables.items()}
    progress: dict[str, dict[str, list[float]]] = {}
    booster = xgb.train(
        {name: value for name, value in parameters.items() if name != "n_estimators"},
        matrices["train"],
        num_boost_round=rounds,
        evals=[(matrix, name) for name, matrix in matrices.items()],
        evals_result=progress,
        verbose_eval=max(1, rounds // 4),
    )
    metric = str(parameters["eval_metric"])
    return booster, {name: progress[name][metric][-1] for name in tables}


def write_json(path: Path, content: object) -> None:
    """Write `content` so that equal content makes equal bytes."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main(
    input_paths: Mapping[str, str],
    output_paths: Mapping[str, str],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> dict[str, float]:
    """Read `input_path`, write `model_output`; the answer is the last metric of each split."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    source = Path(input_paths["input_path"])
    target = Path(output_paths["model_output"])
    parameters: dict[str, object] = {
        "objective": "binary:logistic",
        "eval_metric": environ_vars.get("EVAL_METRIC", "logloss"),
        "max_depth": int(job_args.max_depth),
        "learning_rate": float(job_args.learning_rate),
        "n_estimators": int(job_args.n_estimators),
        # One thread: more would only fight over cores while nodes run side by side.
        "nthread": int(getattr(job_args, "n_jobs", 1)),
        "seed": int(getattr(job_args, "seed", SEED)),
    }
    tables = {"train": load_split(source, "train"), "val": load_split(source, "val")}
    features = feature_columns(tables["train"])
    logger.info("%d rows, %d features, %s", len(tables["train"]), len(features), parameters)

    booster, metrics = train(tables, features, parameters)
    logger.info("after the last round: %s", metrics)

    target.mkdir(parents=True, exist_ok=True)
    booster.save_model(target / "model.json")
    write_json(target / "feature_columns.json", features)
    write_json(target / "feature_medians.json", load_medians(source))
    write_json(target / "hyperparameters.json", parameters)
    return metrics
