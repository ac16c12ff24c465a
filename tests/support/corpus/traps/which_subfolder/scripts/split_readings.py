"""Readings of the sensors, split by time."""

from pathlib import Path

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    table = pd.read_csv(Path(input_paths["readings"]) / "readings_raw.csv").sort_values("at")
    cut, end = int(len(table) * 0.7), int(len(table) * 0.85)
    splits = {"train": table[:cut], "val": table[cut:end], "test": table[end:]}
    for name in ("train", "val", "test"):
        folder = Path(output_paths["readings_split"]) / name
        folder.mkdir(parents=True, exist_ok=True)
        splits[name].to_csv(folder / "readings.csv", index=False)
