#!/usr/bin/env python
"""Split raw shards into processed tables, one folder a split."""
import argparse
import gzip
import logging
import os
import sys
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger(__name__)

CONTAINER_PATHS = {
    "INPUT_DIR": "/opt/ml/processing/input/data",
    "OUTPUT_DIR": "/opt/ml/processing/output",
}


def _read_shard(shard: Path) -> pd.DataFrame:
    """One shard, CSV or parquet, plain or gzipped."""
    if shard.name.endswith(".csv.gz"):
        with gzip.open(shard, "rt") as handle:
            return pd.read_csv(handle)
    if shard.suffix == ".parquet":
        return pd.read_parquet(shard)
    return pd.read_csv(shard)


def combine_shards(input_dir: str) -> pd.DataFrame:
    """All shards of the folder under each other."""
    input_path = Path(input_dir)
    patterns = ["part-*.csv", "part-*.csv.gz", "part-*.parquet"]
    shards = sorted(shard for pattern in patterns for shard in input_path.glob(pattern))
    if not shards:
        raise RuntimeError(f"No shards found under {input_dir}")
    return pd.concat([_read_shard(shard) for shard in shards], ignore_index=True)


def main(input_paths, output_paths, environ_vars, job_args, logger=None):
    log = logger or print
    job_type = job_args.job_type
    label_field = environ_vars["LABEL_FIELD"]
    train_ratio = float(environ_vars.get("TRAIN_RATIO", 0.7))
    test_val_ratio = float(environ_vars.get("TEST_VAL_RATIO", 0.5))

    input_dir = input_paths["data_input"]
    output_dir = output_paths["processed_data"]
    df = combine_shards(input_dir)
    df.columns = [c.replace("__DOT__", ".") for c in df.columns]
    if label_field not in df.columns:
        raise RuntimeError(f"Label field '{label_field}' not found in columns: {df.columns}")
    df.dropna(subset=[label_field], inplace=True)

    if job_type == "training":
        train_df, holdout_df = train_test_split(
            df, train_size=train_ratio, random_state=42, stratify=df[label_field]
        )
        test_df, val_df = train_test_split(
            holdout_df, train_size=test_val_ratio, random_state=42
        )
        splits = {"train": train_df, "test": test_df, "val": val_df}
    else:
        splits = {job_type: df}

    for split_name, split_df in splits.items():
        split_dir = Path(output_dir) / split_name
        split_dir.mkdir(parents=True, exist_ok=True)
        target = split_dir / f"{split_name}_processed_data.csv"
        split_df.to_csv(target, index=False)
        log(f"[INFO] wrote {target} {split_df.shape}")
    return splits


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--job_type",
        type=str,
        required=True,
        choices=["training", "validation", "testing", "calibration"],
        help="One of ['training','validation','testing','calibration']",
    )
    args = parser.parse_args()
    try:
        main(
            input_paths={"data_input": CONTAINER_PATHS["INPUT_DIR"]},
            output_paths={"processed_data": CONTAINER_PATHS["OUTPUT_DIR"]},
            environ_vars={
                "LABEL_FIELD": os.environ.get("LABEL_FIELD"),
                "TRAIN_RATIO": os.environ.get("TRAIN_RATIO", "0.7"),
                "TEST_VAL_RATIO": os.environ.get("TEST_VAL_RATIO", "0.5"),
            },
            job_args=args,
            logger=logger.info,
        )
    except Exception:
        logger.exception("preprocessing failed")
        sys.exit(1)
