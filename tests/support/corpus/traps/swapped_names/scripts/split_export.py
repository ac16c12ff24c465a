"""The export holds users and orders in one file; take them apart."""

import os

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    export = pd.read_json(input_paths["export_json"], lines=True)
    users = export[export["kind"] == "user"]
    orders = export[export["kind"] == "order"]
    users.to_csv(os.path.join(output_paths["left"], "users.csv"))
    orders.to_csv(os.path.join(output_paths["right"], "orders.csv"))
