"""Receipts to one row a store and day."""

import glob
import os

import duckdb

DAILY_SALES = "daily_sales.parquet"

QUERY = """
    copy (
        select store_id, cast(sold_at as date) as day, sum(amount) as sales, count(*) as receipts
        from read_parquet({files})
        where currency = '{currency}'
        group by all
        order by all
    ) to '{target}' (format parquet)
"""


def receipt_files(folder):
    files = sorted(glob.glob(os.path.join(folder, "receipts", "*.parquet")))
    if not files:
        raise FileNotFoundError(f"no receipts below {folder}")
    return files


def closed_days(connection, target, least_receipts):
    """Days on which a store sold next to nothing; they would teach the model nonsense."""
    return connection.execute(
        f"select store_id, day from read_parquet('{target}') where receipts < {least_receipts}"
    ).fetchall()


def main(input_paths, output_paths, environ_vars, job_args):
    in_dir = input_paths["raw_pos"]
    out_dir = output_paths["out_dir"]
    os.makedirs(out_dir, exist_ok=True)
    target = os.path.join(out_dir, DAILY_SALES)
    with duckdb.connect() as connection:
        connection.execute(
            QUERY.format(
                files=receipt_files(in_dir), currency=environ_vars["CURRENCY"], target=target
            )
        )
        closed = closed_days(connection, target, int(environ_vars.get("LEAST_RECEIPTS", 5)))
    with open(os.path.join(out_dir, "closed_days.txt"), "w") as f:
        for store, day in closed:
            f.write(f"{store} {day}\n")
