#!/usr/bin/env python
"""Replace categorical values by the risk that training rows showed for them."""
import argparse
import json
import os
import pickle as pkl
from pathlib import Path

import numpy as np
import pandas as pd


class OfflineBinning:
    """Learns one risk table a categorical column."""

    def __init__(self, fields, label, smooth=0.0, count_threshold=0):
        self.fields = fields
        self.label = label
        self.smooth = smooth
        self.count_threshold = count_threshold
        self.risk_tables = {}

    def fit(self, df):
        base = df[self.label].mean()
        for field in self.fields:
            grouped = df.groupby(field)[self.label].agg(["sum", "count"])
            risk = (grouped["sum"] + self.smooth * base) / (grouped["count"] + self.smooth)
            risk[grouped["count"] < self.count_threshold] = base
            self.risk_tables[field] = {"bins": risk.to_dict(), "default_bin": base}
        return self

    def transform(self, df):
        out = df.copy()
        for field, table in self.risk_tables.items():
            out[field] = out[field].map(table["bins"]).fillna(table["default_bin"])
        return out


def load_split(root, split):
    return pd.read_csv(os.path.join(root, split, f"{split}_processed_data.csv"))


def save_split(df, root, split):
    target = os.path.join(root, split)
    os.makedirs(target, exist_ok=True)
    df.to_csv(os.path.join(target, f"{split}_processed_data.csv"), index=False)


def load_tables(folder, binning):
    with open(os.path.join(folder, "risk_table_map.pkl"), "rb") as handle:
        binning.risk_tables = pkl.load(handle)
    return binning


def main(input_paths, output_paths, environ_vars, job_args):
    job_type = job_args.job_type
    fields = environ_vars["CATEGORICAL_FIELDS"].split(",")
    binning = OfflineBinning(
        fields,
        environ_vars["LABEL_FIELD"],
        smooth=float(environ_vars.get("SMOOTH_FACTOR", "0.01")),
        count_threshold=int(environ_vars.get("COUNT_THRESHOLD", "5")),
    )
    data_dir = input_paths["data_input"]
    output_dir = output_paths["data_output"]

    if job_type == "training":
        frames = {split: load_split(data_dir, split) for split in ("train", "val", "test")}
        binning.fit(frames["train"])
        tables_dir = Path(output_paths["risk_tables"])
        tables_dir.mkdir(parents=True, exist_ok=True)
        with open(tables_dir / "risk_table_map.pkl", "wb") as handle:
            pkl.dump(binning.risk_tables, handle)
        (tables_dir / "fields.json").write_text(json.dumps(fields))
    else:
        frames = {job_type: load_split(data_dir, job_type)}
        load_tables(input_paths["risk_tables"], binning)

    for split, frame in frames.items():
        frame = binning.transform(frame).replace([np.inf, -np.inf], np.nan)
        save_split(frame, output_dir, split)
    return binning


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--job_type", required=True)
    main(
        {
            "data_input": "/opt/ml/processing/input/data",
            "risk_tables": "/opt/ml/processing/input/risk_tables",
        },
        {
            "data_output": "/opt/ml/processing/output",
            "risk_tables": "/opt/ml/processing/output/risk_tables",
        },
        dict(os.environ),
        parser.parse_args(),
    )
