#!/usr/bin/env python3
"""
Missing Value Imputation Script

Fits an imputation engine in training mode and applies it in all other modes.
"""

import argparse
import json
import logging
import os
import pickle as pkl
import sys
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, Optional

import pandas as pd
from sklearn.impute import SimpleImputer

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger(__name__)

# Constants
DEFAULT_INPUT_DIR = "/opt/ml/processing/input/data"
DEFAULT_OUTPUT_DIR = "/opt/ml/processing/output"
DEFAULT_PARAMS_DIR = "/opt/ml/processing/input/model_artifacts"
PARAMS_FILENAME = "impute_dict.pkl"
SUMMARY_FILENAME = "imputation_summary.json"


def load_imputation_config(environ_vars: Dict[str, str]) -> Dict[str, Any]:
    return {
        "label_field": environ_vars["LABEL_FIELD"],
        "numerical": environ_vars.get("DEFAULT_NUMERICAL_STRATEGY", "median"),
        "categorical": environ_vars.get("DEFAULT_CATEGORICAL_STRATEGY", "most_frequent"),
        "exclude": environ_vars.get("EXCLUDE_COLUMNS", "").split(","),
    }


def load_split_data(job_type: str, input_dir: str) -> Dict[str, pd.DataFrame]:
    input_path = Path(input_dir)
    if job_type == "training":
        return {
            split: pd.read_csv(input_path / f"{split}.csv") for split in ["train", "test", "val"]
        }
    return {job_type: pd.read_csv(input_path / f"{job_type}.csv")}


class ImputationEngine:
    def __init__(self, config: Dict[str, Any]):
        self.config = config
        self.imputers: Dict[str, SimpleImputer] = {}

    def fit(self, df: pd.DataFrame) -> None:
        for column in df.columns:
            if column == self.config["label_field"] or column in self.config["exclude"]:
                continue
            kind = "numerical" if df[column].dtype.kind in "if" else "categorical"
            self.imputers[column] = SimpleImputer(strategy=self.config[kind]).fit(df[[column]])

    def transform(self, df: pd.DataFrame) -> pd.DataFrame:
        for column, imputer in self.imputers.items():
            df[column] = imputer.transform(df[[column]])[:, 0]
        return df


def save_output_data(splits: Dict[str, pd.DataFrame], output_dir: str) -> None:
    for split_name, df in splits.items():
        split_output_dir = Path(output_dir) / split_name
        split_output_dir.mkdir(parents=True, exist_ok=True)
        df.to_csv(split_output_dir / f"{split_name}_imputed.csv", index=False)


def main(
    input_paths: Dict[str, str],
    output_paths: Dict[str, str],
    environ_vars: Dict[str, str],
    job_args: argparse.Namespace,
    logger: Optional[Callable[[str], None]] = None,
) -> Dict[str, pd.DataFrame]:
    log = logger or print
    job_type = job_args.job_type
    input_data_dir = input_paths["data_input"]
    output_data_dir = output_paths["data_output"]
    config = load_imputation_config(environ_vars)
    splits = load_split_data(job_type, input_data_dir)
    engine = ImputationEngine(config)

    if job_type == "training":
        engine.fit(splits["train"])
        artifacts = Path(output_paths["model_artifacts_output"])
        artifacts.mkdir(parents=True, exist_ok=True)
        with open(artifacts / PARAMS_FILENAME, "wb") as f:
            pkl.dump(engine.imputers, f)
        with open(artifacts / SUMMARY_FILENAME, "w") as f:
            json.dump({"columns": sorted(engine.imputers)}, f)
    else:
        with open(os.path.join(input_paths["model_artifacts_input"], PARAMS_FILENAME), "rb") as f:
            engine.imputers = pkl.load(f)

    imputed = {name: engine.transform(df) for name, df in splits.items()}
    save_output_data(imputed, output_data_dir)
    log(f"[INFO] imputed {sorted(imputed)}")
    return imputed


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--job_type", type=str, required=True, choices=["training", "validation", "testing"]
    )
    args = parser.parse_args()
    try:
        main(
            {"data_input": DEFAULT_INPUT_DIR, "model_artifacts_input": DEFAULT_PARAMS_DIR},
            {"data_output": DEFAULT_OUTPUT_DIR, "model_artifacts_output": DEFAULT_OUTPUT_DIR},
            {"LABEL_FIELD": os.environ.get("LABEL_FIELD", "")},
            args,
        )
        sys.exit(0)
    except Exception as e:
        logger.error(f"FATAL ERROR: {e}")
        logger.error(traceback.format_exc())
        sys.exit(1)
