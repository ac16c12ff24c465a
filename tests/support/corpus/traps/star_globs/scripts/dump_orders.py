"""One CSV a month, named by what is in the file."""

from pathlib import Path

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    orders = pd.read_parquet(input_paths["orders_parquet"])
    tables = Path(output_paths["tables"])
    for month, part in orders.groupby("month"):
        part.to_csv(tables / f"{month}.csv", index=False)
