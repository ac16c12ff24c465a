"""Drop orders without an amount, and count what was dropped."""

import json
from pathlib import Path

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    orders = pd.read_csv(input_paths["orders_csv"])
    clean = orders.dropna(subset=["amount"])
    clean.to_csv(Path(output_paths["clean_orders"]) / "clean_orders.csv", index=False)
    dropped = {"dropped": len(orders) - len(clean)}
    Path(output_paths["audit_log"], "audit.json").write_text(json.dumps(dropped))
