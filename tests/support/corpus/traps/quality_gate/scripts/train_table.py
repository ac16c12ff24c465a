"""Train once the gate is open; reads the same table as the gate."""

from pathlib import Path

import joblib
import pandas as pd
from sklearn.naive_bayes import GaussianNB


def main(input_paths, output_paths, environ_vars, job_args):
    table = pd.read_parquet(Path(input_paths["training_data"]) / "customers.parquet").dropna()
    model = GaussianNB().fit(table.drop(columns="y"), table["y"])
    joblib.dump(model, Path(output_paths["bayes"]) / "bayes.joblib")
