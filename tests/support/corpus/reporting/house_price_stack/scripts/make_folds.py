"""Three tables: to fit base models, to blend them, to test the whole."""

import pathlib

import numpy as np
import pandas as pd

SHARES = (("fit", 0.6), ("blend", 0.2), ("test", 0.2))


def without_repeats(table: pd.DataFrame) -> pd.DataFrame:
    """A flat that was offered twice must not lie in two folds: keep its last listing."""
    return table.sort_values("listed_at").drop_duplicates(["street", "house", "floor"], keep="last")


def describe(part: pd.DataFrame, name: str) -> str:
    return f"{name}: {len(part)} rows, median price {part['price'].median():,.0f}"


def main(input_paths, output_paths, environ_vars, job_args):
    table = pd.read_parquet(pathlib.Path(input_paths["enriched_listings"], "enriched.parquet"))
    table = without_repeats(table)
    rng = np.random.default_rng(job_args.seed)
    draw = rng.random(len(table))
    root = pathlib.Path(output_paths["folds"])
    low = 0.0
    for name, share in SHARES:
        part = table[(draw >= low) & (draw < low + share)]
        low += share
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        part.to_parquet(folder / "table.parquet")
        print(describe(part, name))


if __name__ == "__main__":
    import argparse
    import os

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=5)
    main(
        {"enriched_listings": "/opt/ml/processing/input/listings"},
        {"folds": "/opt/ml/processing/output/folds"},
        os.environ,
        parser.parse_args(),
    )
