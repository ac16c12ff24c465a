"""Amounts in euros, by the central bank's rates of the day."""

from pathlib import Path

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    orders = pd.read_csv(Path(input_paths["clean_orders"]) / "clean_orders.csv")
    rates = pd.read_csv(Path(input_paths["exchange_rates"]) / "rates.csv", index_col="currency")
    orders["euros"] = orders["amount"] / orders["currency"].map(rates["per_euro"])
    orders.to_csv(Path(output_paths["orders_in_euros"]) / "orders_eur.csv", index=False)
