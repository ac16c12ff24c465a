"""Sales of each store over the coming days."""

import json
import sys
from pathlib import Path

import joblib
import pandas as pd


def future_rows(drivers, stores, days):
    newest = pd.to_datetime(drivers["day"]).max()
    calendar = pd.date_range(newest + pd.Timedelta(days=1), periods=days)
    grid = pd.MultiIndex.from_product([stores, calendar], names=["store_id", "day"])
    rows = grid.to_frame(index=False)
    last = drivers.sort_values("day").groupby("store_id").tail(1)
    return rows.merge(last.drop(columns=["day", "sales"]), on="store_id")


def weekday_factors(drivers):
    """Sales of each weekday relative to the store's mean; only shown, the model knows better."""
    weekday = pd.to_datetime(drivers["day"]).dt.day_name()
    mean = drivers.groupby("store_id")["sales"].transform("mean")
    return (drivers["sales"] / mean).groupby(weekday).mean().round(3).to_dict()


def main(input_paths, output_paths, environ_vars, job_args):
    for name in ("model_dir", "drivers"):
        if name not in input_paths:
            print(f"missing input {name}")
            sys.exit(1)
    print("forecasting", job_args.horizon_days, "days")
    bundle = joblib.load(Path(input_paths["model_dir"]) / "forecaster.joblib")
    folder = Path(input_paths["drivers"])
    drivers = pd.read_parquet(folder / "driver_table.parquet")
    stores = [int(s) for s in json.loads((folder / "store_index.json").read_text())]
    print("weekdays:", weekday_factors(drivers))
    rows = future_rows(drivers, stores, job_args.horizon_days)
    table = pd.get_dummies(rows).reindex(columns=bundle["columns"], fill_value=0)
    rows["forecast"] = bundle["model"].predict(table)
    floor = environ_vars.get("FLOOR")
    if floor:
        rows["forecast"] = rows["forecast"].clip(lower=float(floor))
    target = Path(output_paths["forecast"])
    rows[["store_id", "day", "forecast"]].to_csv(target / "store_forecast.csv", index=False)
