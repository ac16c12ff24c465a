"""What the forecast's error costs on the balancing market."""

import os

import pandas as pd


def series(path, column):
    frame = pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path)
    return frame.set_index("hour")[column]


def by_month(costs):
    """Sum of each month, the worst first."""
    month = pd.to_datetime(costs.index.to_series()).dt.to_period("M")
    return costs.groupby(month.to_numpy()).sum().sort_values(ascending=False)


def worst_hours(costs, number):
    return costs.sort_values(ascending=False).head(number)


def main(input_paths, output_paths, environ_vars, job_args):
    sources = {
        "forecast": ("load_forecast.csv", "load"),
        "actuals": ("hourly_load.parquet", "load"),
        "prices": ("balancing.csv", "price"),
    }
    found = {}
    for name in ("forecast", "actuals", "prices"):
        file, column = sources[name]
        found[name] = series(os.path.join(input_paths[name], file), column)
    error = (found["forecast"] - found["actuals"]).abs()
    costs = (error * found["prices"]).dropna()
    out = output_paths["costs"]
    costs.rename("euros").to_csv(os.path.join(out, "imbalance_costs.csv"))
    by_month(costs).to_csv(os.path.join(out, "costs_by_month.csv"))
    worst_hours(costs, int(environ_vars.get("WORST", "50"))).to_csv(
        os.path.join(out, "worst_hours.csv")
    )
    with open(os.path.join(out, "total.txt"), "w") as f:
        f.write(f"{costs.sum():.2f}\n")
