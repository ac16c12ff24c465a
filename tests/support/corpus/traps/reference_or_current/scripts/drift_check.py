"""Has the distribution moved between two months?"""

import json
import os

import pandas as pd
from scipy.stats import ks_2samp


def main(input_paths, output_paths, environ_vars, job_args):
    reference = pd.read_parquet(os.path.join(input_paths["reference"], "rows.parquet"))
    current = pd.read_parquet(os.path.join(input_paths["current"], "rows.parquet"))
    moved = {}
    for column in reference.select_dtypes("number"):
        moved[column] = float(ks_2samp(reference[column], current[column]).pvalue)
    with open(os.path.join(output_paths["drift"], "drift.json"), "w") as f:
        json.dump(moved, f)
