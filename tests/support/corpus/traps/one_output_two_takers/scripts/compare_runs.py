"""What changed between two runs of the scores."""

import os

import pandas as pd


def load(folder):
    return pd.read_csv(os.path.join(folder, "scores.csv")).set_index("id")["score"]


def main(input_paths, output_paths, environ_vars, job_args):
    first, second = load(input_paths["scores_a"]), load(input_paths["scores_b"])
    change = (second - first).rename("change").abs().sort_values(ascending=False)
    change.to_csv(os.path.join(output_paths["changes"], "changes.csv"))
