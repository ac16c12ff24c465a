"""Features of customers at a snapshot date, for training or for scoring."""

import argparse
import json
import os

import pandas as pd

CONTAINER_INPUT = "/opt/ml/processing/input"
CONTAINER_OUTPUT = "/opt/ml/processing/output"


class FeatureBuilder:
    def __init__(self, input_paths, output_paths, environ_vars, job_type):
        self.raw = input_paths.get("crm", os.path.join(CONTAINER_INPUT, "raw"))
        self.features = output_paths.get("features", os.path.join(CONTAINER_OUTPUT, "features"))
        self.snapshot = pd.Timestamp(environ_vars["SNAPSHOT"])
        self.horizon_days = int(environ_vars.get("HORIZON_DAYS", "90"))
        self.job_type = job_type
        if job_type == "training":
            self.stats = output_paths.get("stats", os.path.join(CONTAINER_OUTPUT, "stats"))
        else:
            self.stats = input_paths.get("stats", os.path.join(CONTAINER_INPUT, "stats"))

    def read(self):
        customers = pd.read_csv(os.path.join(self.raw, "customers.csv"))
        invoices = pd.read_csv(os.path.join(self.raw, "invoices.csv"), parse_dates=["paid_at"])
        return customers, invoices[invoices["paid_at"] <= self.snapshot]

    def table(self):
        customers, invoices = self.read()
        spent = invoices.groupby("customer")["amount"].agg(["sum", "mean", "count"])
        last = (self.snapshot - invoices.groupby("customer")["paid_at"].max()).dt.days
        return customers.join(spent, on="customer").join(last.rename("silent"), on="customer")

    def stats_file(self):
        return os.path.join(self.stats, "feature_stats.json")

    def fit(self, table):
        stats = table.mean(numeric_only=True).to_dict()
        with open(self.stats_file(), "w") as f:
            json.dump(stats, f)
        return stats

    def known_stats(self):
        with open(self.stats_file()) as f:
            return json.load(f)

    def save(self, table, split):
        folder = os.path.join(self.features, split)
        os.makedirs(folder, exist_ok=True)
        table.to_csv(os.path.join(folder, "features.csv"), index=False)

    def run(self):
        table = self.table()
        if self.job_type == "training":
            table = table.fillna(self.fit(table))
            held_out = table["customer"] % 5 == 0
            self.save(table[~held_out], "train")
            self.save(table[held_out], "validation")
        else:
            self.save(table.fillna(self.known_stats()), "score")


def main(input_paths, output_paths, environ_vars, job_args):
    FeatureBuilder(input_paths, output_paths, environ_vars, job_args.job_type).run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--job_type", choices=["training", "inference"], required=True)
    main({}, {}, os.environ, parser.parse_args())
