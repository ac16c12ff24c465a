"""A page about the scores; with benchmarks of the association when somebody has them."""

import os

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    scores = pd.read_csv(os.path.join(input_paths["scores"], "loan_scores.csv"))
    tables = [scores.groupby("branch")["score"].describe().to_html()]
    benchmarks = input_paths.get("benchmarks")
    if benchmarks is not None:
        table = pd.read_excel(os.path.join(benchmarks, "association.xlsx"))
        tables.append(table.to_html())
    with open(os.path.join(output_paths["page"], "loans.html"), "w") as f:
        f.write("\n".join(tables))
