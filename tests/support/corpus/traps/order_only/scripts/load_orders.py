"""Fill the table of orders from the shop's nightly file."""

import csv
import os
import sqlite3


def main(input_paths, output_paths, environ_vars, job_args):
    with open(os.path.join(input_paths["orders"], "orders.csv"), newline="") as f:
        rows = [(row["id"], row["amount"]) for row in csv.DictReader(f)]
    with sqlite3.connect(environ_vars["DATABASE"]) as connection:
        connection.executemany("insert into orders values (?, ?)", rows)
    with open(os.path.join(output_paths["load_log"], "loaded.txt"), "w") as f:
        f.write(f"{len(rows)} rows\n")
