"""What was booked and what was demanded in a month."""

import argparse
import csv
import json
import os


def read_lines(path):
    with open(path) as f:
        return f.read().splitlines()


def checked(month):
    if len(month) != 7 or month[4] != "-":
        raise ValueError(f"a month looks like 2025-10, not {month}")
    return month


def main(input_paths, output_paths, environ_vars, job_args):
    required = ("booked", "demanded")
    for name in required:
        if name not in input_paths:
            raise ValueError(f"input {name} is missing")
    booked = os.path.join(input_paths["booked"], "postings.csv")
    with open(booked, newline="") as f:
        month = [row for row in csv.reader(f) if row[2].startswith(checked(job_args.month))]
    sent = read_lines(os.path.join(input_paths["demanded"], "letters_sent.txt"))
    closing = {"postings": len(month), "letters": len(sent)}
    if environ_vars.get("WITH_TOTAL", "yes") == "yes":
        closing["total"] = sum(float(row[3]) for row in month)
    with open(os.path.join(output_paths["closing"], "month_end.json"), "w") as f:
        json.dump(closing, f)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--month", required=True)
    main(
        {"booked": "/srv/etl/postings", "demanded": "/srv/etl/letters"},
        {"closing": "/srv/etl/closing"},
        dict(os.environ),
        parser.parse_args(),
    )
