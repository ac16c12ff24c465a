"""Fit the load of the network to calendar, yesterday and, when wanted, prices."""

import argparse
import os
import pickle
import sys

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV

MONTHS = {"winter": (10, 11, 12, 1, 2, 3), "summer": (4, 5, 6, 7, 8, 9)}
REQUIRED_INPUTS = ["load_dir"]
REQUIRED_OUTPUTS = ["fitted", "residuals"]


def check(paths, names, what):
    missing = [name for name in names if name not in paths]
    if missing:
        print(f"missing {what}: {', '.join(missing)}", file=sys.stderr)
        sys.exit(2)


def design(load):
    hour = pd.to_datetime(load["hour"])
    columns = {
        "sin": np.sin(2 * np.pi * hour.dt.hour / 24),
        "cos": np.cos(2 * np.pi * hour.dt.hour / 24),
        "weekend": (hour.dt.dayofweek > 4).astype(float),
        "yesterday": load["load"].shift(24),
    }
    return pd.DataFrame(columns)


def main(input_paths, output_paths, environ_vars, job_args):
    check(input_paths, REQUIRED_INPUTS, "inputs")
    check(output_paths, REQUIRED_OUTPUTS, "outputs")
    load = pd.read_parquet(os.path.join(input_paths["load_dir"], "hourly_load.parquet"))
    months = MONTHS[job_args.season]
    load = load[pd.to_datetime(load["hour"]).dt.month.isin(months)].reset_index(drop=True)

    x = design(load)
    if environ_vars["WITH_PRICES"] == "yes":
        prices = pd.read_csv(os.path.join(input_paths["prices"], "day_ahead.csv"))
        x["price"] = prices.set_index("hour")["price"].reindex(load["hour"]).to_numpy()
    usable = x.notna().all(axis=1)
    alphas = np.logspace(-3, 3, int(environ_vars.get("ALPHAS", "13")))
    model = RidgeCV(alphas=alphas).fit(x[usable], load.loc[usable, "load"])

    with open(os.path.join(output_paths["fitted"], "load_model.pkl"), "wb") as f:
        pickle.dump({"model": model, "columns": list(x.columns)}, f)
    residual = load.loc[usable, "load"] - model.predict(x[usable])
    residual.to_csv(os.path.join(output_paths["residuals"], "residuals.csv"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--season", choices=["winter", "summer"], default="winter")
    main(
        {"load_dir": "/opt/ml/processing/load", "prices": "/opt/ml/processing/prices"},
        {"fitted": "/opt/ml/model", "residuals": "/opt/ml/output/residuals"},
        dict(os.environ),
        parser.parse_args(),
    )
