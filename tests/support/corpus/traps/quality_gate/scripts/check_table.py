"""Fail when too much is missing; the verdict is kept."""

import json
import sys
from pathlib import Path

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    table = pd.read_parquet(Path(input_paths["table"]) / "customers.parquet")
    missing = table.isna().mean().to_dict()
    Path(output_paths["data_quality"], "quality.json").write_text(json.dumps(missing))
    if max(missing.values()) > float(environ_vars["MOST_MISSING"]):
        sys.exit(1)
