#!/usr/bin/env python3
"""Stratified sampling of the training split; other splits are copied."""

import argparse
import os
import sys
from pathlib import Path
from typing import Dict

import numpy as np
import pandas as pd


class StratifiedSampler:
    def __init__(self, random_state: int = 42):
        self.rng = np.random.default_rng(random_state)

    def balanced_allocation(self, sizes: pd.Series, target: int) -> Dict[str, int]:
        share = target // max(len(sizes), 1)
        return {stratum: min(share, size) for stratum, size in sizes.items()}

    def proportional_allocation(self, sizes: pd.Series, target: int) -> Dict[str, int]:
        return (sizes / sizes.sum() * target).astype(int).to_dict()

    def sample(self, df: pd.DataFrame, column: str, target: int, strategy: str) -> pd.DataFrame:
        sizes = df[column].value_counts()
        allocation = getattr(self, f"{strategy}_allocation")(sizes, target)
        parts = [
            group.sample(allocation[stratum], random_state=int(self.rng.integers(1 << 31)))
            for stratum, group in df.groupby(column)
        ]
        return pd.concat(parts, ignore_index=True)


def _read_processed_data(input_dir: str, split_name: str) -> pd.DataFrame:
    path = Path(input_dir) / split_name / f"{split_name}_imputed.csv"
    if not path.exists():
        raise FileNotFoundError(f"Processed data file not found: {path}")
    return pd.read_csv(path)


def main(input_paths, output_paths, environ_vars, job_args, logger=None):
    job_type = job_args.job_type
    strata_column = environ_vars["STRATA_COLUMN"]
    target_size = int(environ_vars["TARGET_SAMPLE_SIZE"])
    strategy = environ_vars.get("SAMPLING_STRATEGY", "balanced")
    sampler = StratifiedSampler(int(environ_vars.get("RANDOM_STATE", 42)))

    input_dir = input_paths["data_input"]
    output_dir = output_paths["data_output"]
    splits = ["train", "val", "test"] if job_type == "training" else [job_type]
    for split_name in splits:
        df = _read_processed_data(input_dir, split_name)
        if split_name == "train":
            df = sampler.sample(df, strata_column, target_size, strategy)
        out = Path(output_dir) / split_name
        out.mkdir(parents=True, exist_ok=True)
        df.to_csv(out / f"{split_name}_sampled.csv", index=False)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--job_type", required=True)
    try:
        main(
            {"data_input": "/opt/ml/processing/input/data"},
            {"data_output": "/opt/ml/processing/output"},
            os.environ,
            ap.parse_args(),
        )
    except Exception as exc:
        print(f"Error in stratified sampling: {exc}", file=sys.stderr)
        sys.exit(3)
