"""Booking lines of matched payments; in the old format while the old ledger lives."""

import csv
import os

NEW, OLD = "postings.csv", "postings_old.dat"


def account(chart, number):
    return chart.get(number[:2], chart["default"])


def balanced(rows):
    """Every account's sum; the books refuse a posting without an account."""
    sums = {}
    for number, _, _, amount in rows:
        if not number:
            raise ValueError("a posting without an account")
        sums[number] = sums.get(number, 0.0) + float(amount)
    return sums


def old_line(row):
    number, invoice, day, amount = row
    return f"{number:<8}{invoice:<12}{day:<10}{amount:>14}"


def main(input_paths, output_paths, environ_vars, job_args):
    chart_file = os.path.join(input_paths["chart_of_accounts"], "chart.csv")
    with open(chart_file, newline="") as f:
        chart = dict(csv.reader(f))
    with open(os.path.join(input_paths["matched"], "matched.csv"), newline="") as f:
        rows = [(account(chart, number), number, day, amount) for number, day, amount in csv.reader(f)]
    with open(os.path.join(output_paths["postings"], NEW), "w", newline="") as f:
        csv.writer(f).writerows(rows)
    if environ_vars["OLD_LEDGER"] == "alive":
        with open(os.path.join(output_paths["legacy_postings"], OLD), "w") as f:
            for row in rows:
                f.write(old_line(row) + "\n")
    for number, total in sorted(balanced(rows).items()):
        print(f"{number}: {total:.2f}")
