"""What the click model takes as its input; also what was learned about the columns."""

import json
import os

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    log = pd.read_json(input_paths["click_log"], lines=True)
    features = log.groupby("ad").agg(shown=("at", "size"), clicks=("clicked", "sum"))
    features.to_parquet(os.path.join(output_paths["model_input"], "click_features.parquet"))
    with open(os.path.join(output_paths["column_notes"], "columns.json"), "w") as f:
        json.dump({name: str(kind) for name, kind in features.dtypes.items()}, f)
