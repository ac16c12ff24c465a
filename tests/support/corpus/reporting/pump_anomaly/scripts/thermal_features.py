"""Mean and slope of the bearing temperature."""
import os.path as osp

import numpy as np
import pandas as pd


def slope(values):
    return np.polyfit(range(len(values)), values, 1)[0] if len(values) > 1 else 0.0


def gaps_filled(raw, limit):
    """Sensors drop out for a minute now and then; longer gaps stay gaps."""
    filled = raw.sort_values(["pump", "second"])
    filled["celsius"] = filled.groupby("pump")["celsius"].ffill(limit=limit)
    return filled.dropna(subset=["celsius"])


def drop_cold(table, least_celsius):
    """Windows in which the pump stood still say nothing."""
    cold = table["mean"] < least_celsius
    if cold.all():
        raise ValueError(f"every window is below {least_celsius} degrees")
    return table[~cold]


def main(input_paths, output_paths, environ_vars, job_args):
    raw = pd.read_csv(osp.join(input_paths["temperature_path"], "temperature.csv"))
    raw = gaps_filled(raw, limit=int(environ_vars.get("LONGEST_GAP_S", "60")))
    raw["window"] = raw["second"] // 600
    grouped = raw.groupby(["pump", "window"])["celsius"]
    table = grouped.agg(["mean", slope]).reset_index()
    table = drop_cold(table, float(environ_vars.get("LEAST_CELSIUS", "25")))
    print(f"{len(table)} warm windows of {table['pump'].nunique()} pumps")
    np.savez(osp.join(output_paths["feats"], "thermal.npz"), rows=table.to_numpy())
