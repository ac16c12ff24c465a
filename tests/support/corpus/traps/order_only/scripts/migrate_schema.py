"""Bring the tables up to date."""

import pathlib
import sqlite3

STATEMENTS = ["create table if not exists orders (id integer primary key, amount real)"]


def main(input_paths, output_paths, environ_vars, job_args):
    with sqlite3.connect(environ_vars["DATABASE"]) as connection:
        for statement in STATEMENTS:
            connection.execute(statement)
    target = pathlib.Path(output_paths["schema_version"])
    (target / "version.txt").write_text(str(len(STATEMENTS)))
