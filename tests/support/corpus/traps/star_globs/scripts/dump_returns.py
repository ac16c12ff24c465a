"""One CSV a month of what came back."""

from pathlib import Path

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    returns = pd.read_parquet(input_paths["returns_parquet"])
    tables = Path(output_paths["tables"])
    for month, part in returns.groupby("month"):
        part.to_csv(tables / f"{month}.csv", index=False)
