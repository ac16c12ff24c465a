"""Scores of this run."""

import os

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    rows = pd.read_csv(input_paths["rows_csv"])
    rows["score"] = rows.mean(axis=1, numeric_only=True)
    rows.to_csv(os.path.join(output_paths["scores"], "scores.csv"), index=False)
