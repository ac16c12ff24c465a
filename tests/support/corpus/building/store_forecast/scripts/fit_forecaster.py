"""Fit one gradient-boosted forecaster over all stores, and test it on the last weeks."""

import os

import joblib
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_percentage_error

IGNORED = ["day", "sales", "station", "receipts"]


def features(table):
    return pd.get_dummies(table.drop(columns=IGNORED), columns=["holiday"])


def cut(table, weeks):
    newest = pd.to_datetime(table["day"]).max() - pd.Timedelta(weeks=weeks)
    before = pd.to_datetime(table["day"]) <= newest
    return table[before], table[~before]


def main(input_paths, output_paths, environ_vars, job_args):
    table = pd.read_parquet(os.path.join(input_paths["table_dir"], "driver_table.parquet"))
    past, recent = cut(table, weeks=job_args.holdout_weeks)
    loss = environ_vars.get("LOSS", "poisson")
    model = HistGradientBoostingRegressor(loss=loss, max_iter=400)
    model.fit(features(past), past["sales"])

    columns = features(past).columns
    predicted = model.predict(features(recent).reindex(columns=columns, fill_value=0))
    backtest = recent[["store_id", "day", "sales"]].assign(predicted=predicted)
    print("MAPE", mean_absolute_percentage_error(backtest["sales"], predicted))
    backtest.to_csv(os.path.join(output_paths["backtest"], "backtest.csv"), index=False)

    bundle = {"model": model, "columns": list(columns)}
    joblib.dump(bundle, os.path.join(output_paths["forecaster"], "forecaster.joblib"))


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--holdout-weeks", type=int, default=8)
    main(
        {"table_dir": "/mnt/work/table"},
        {"backtest": "/mnt/work/backtest", "forecaster": "/mnt/work/model"},
        os.environ,
        parser.parse_args(),
    )
