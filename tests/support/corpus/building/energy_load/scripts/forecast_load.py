"""Load of the next day, hour by hour."""

import pickle
from pathlib import Path

import pandas as pd

from .fit_load import design


def plausible(forecast, history, factor):
    """No hour may be above what the network has ever carried, times a factor."""
    ceiling = history["load"].max() * factor
    odd = forecast[(forecast["load"] < 0) | (forecast["load"] > ceiling)]
    for row in odd.itertuples():
        print(f"{row.hour}: {row.load:.1f} is not plausible, clipped")
    return forecast.assign(load=forecast["load"].clip(0, ceiling))


def with_peak(forecast):
    peak = forecast["load"].idxmax()
    return forecast.assign(peak=forecast.index == peak)


def main(input_paths, output_paths, environ_vars, job_args):
    options = vars(job_args)
    load_model = Path(input_paths["load_model"])
    with (load_model / "load_model.pkl").open("rb") as f:
        fitted = pickle.load(f)
    history = pd.read_parquet(Path(input_paths["history"]) / "hourly_load.parquet")
    hours = options.get("hours", 24)
    newest = pd.to_datetime(history["hour"]).max()
    ahead = pd.date_range(newest + pd.Timedelta(hours=1), periods=hours, freq="h")
    rows = pd.concat([history.tail(24), pd.DataFrame({"hour": ahead})], ignore_index=True)
    x = design(rows).reindex(columns=fitted["columns"]).tail(hours).ffill()
    out = pd.DataFrame({"hour": ahead, "load": fitted["model"].predict(x)})
    margin = environ_vars.get("MARGIN_PERCENT")
    if margin:
        out["load"] *= 1 + float(margin) / 100
    out = with_peak(plausible(out, history, options.get("ceiling", 1.2)))
    out.to_csv(Path(output_paths["day_ahead_load"]) / "load_forecast.csv", index=False)
