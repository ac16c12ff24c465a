"""A page with the forecast and how far the backtest was off."""

import os

import pandas as pd
from jinja2 import Template

PAGE = Template(
    """<h1>{{ title }}</h1>
<p>Mean absolute error in the backtest: {{ "%.1f"|format(error) }}</p>
{{ table }}"""
)


def worst_stores(backtest, number):
    """Stores whose forecast was furthest off, in percent of their sales."""
    off = (backtest["sales"] - backtest["predicted"]).abs().groupby(backtest["store_id"]).sum()
    share = off / backtest.groupby("store_id")["sales"].sum()
    return share.sort_values(ascending=False).head(number)


def as_table(forecast):
    weekly = forecast.groupby("store_id")["forecast"].sum().round().reset_index()
    weekly.columns = ["store", "units"]
    return weekly.sort_values("units", ascending=False)


def main(input_paths, output_paths, environ_vars, job_args):
    forecast = pd.read_csv(os.path.join(input_paths["forecast"], "store_forecast.csv"))
    backtest = pd.read_csv(os.path.join(input_paths["backtest_dir"], "backtest.csv"))
    error = (backtest["sales"] - backtest["predicted"]).abs().mean()
    worst = worst_stores(backtest, getattr(job_args, "worst", 10))
    worst.to_csv(os.path.join(output_paths["report"], "worst_stores.csv"))
    weekly = as_table(forecast)
    page = PAGE.render(
        title=environ_vars.get("TITLE") or "Sales forecast",
        error=error,
        table=weekly.to_html(index=False),
    )
    with open(os.path.join(output_paths["report"], "forecast.html"), "w") as f:
        f.write(page)
