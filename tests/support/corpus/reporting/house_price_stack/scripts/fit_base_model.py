"""A base model of the stack; `kind` is trees or linear."""

import argparse
import os
import pathlib
import sys

import joblib
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import ElasticNetCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

PRICE = "price"


def trees(environ_vars):
    iterations = int(environ_vars.get("ITERATIONS", "600"))
    return HistGradientBoostingRegressor(max_iter=iterations, categorical_features="from_dtype")


def linear(environ_vars):
    columns = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="object")),
    )
    ratios = [float(r) for r in environ_vars["L1_RATIOS"].split(",")]
    return make_pipeline(columns, ElasticNetCV(l1_ratio=ratios))


def main(input_paths, output_paths, environ_vars, job_args):
    kind = job_args.kind
    if kind == "trees":
        model = trees(environ_vars)
    elif kind == "linear":
        model = linear(environ_vars)
    else:
        sys.exit(f"unknown kind {kind}")
    fit_rows = pathlib.Path(input_paths["fit_rows"])
    table = pd.read_parquet(fit_rows / "table.parquet")
    model.fit(table.drop(columns=PRICE), table[PRICE])
    out = pathlib.Path(output_paths["base_model"])
    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, out / f"{kind}.joblib")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["trees", "linear"])
    sys.exit(
        main(
            {"fit_rows": "/opt/ml/input/data/fit"},
            {"base_model": "/opt/ml/model"},
            os.environ,
            parser.parse_args(),
        )
    )
