"""A linear model with the penalty of its node."""

from pathlib import Path

import joblib
import pandas as pd
from sklearn.linear_model import LogisticRegression

SOLVERS = {"l1": "liblinear", "l2": "lbfgs"}


def main(input_paths, output_paths, environ_vars, job_args):
    penalty = environ_vars["PENALTY"]
    table = pd.read_csv(input_paths["rows_csv"])
    model = LogisticRegression(penalty=penalty, solver=SOLVERS[penalty])
    model.fit(table.drop(columns="y"), table["y"])
    joblib.dump(model, Path(output_paths["linear_model"]) / "linear.joblib")
