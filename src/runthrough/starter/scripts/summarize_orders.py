"""Add up what each customer spent, and name the best."""

import csv
import json
from collections import Counter


def main(input_paths, output_paths, environ_vars, job_args):
    """Read the table `clean_orders`, write `summary`: the best customers with their totals."""
    totals = Counter()
    with open(input_paths["clean_orders"], newline="", encoding="utf-8") as source:
        for row in csv.DictReader(source):
            totals[row["customer"]] += int(row["amount"])
    best = dict(totals.most_common(job_args.top))
    with open(output_paths["summary"], "w", encoding="utf-8") as target:
        json.dump(best, target, indent=2)
    print(f"best of {len(totals)} customers: {', '.join(best)}")
