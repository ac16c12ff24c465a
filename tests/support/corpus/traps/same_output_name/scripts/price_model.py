"""A price model for one region."""

import joblib
import pandas as pd
from sklearn.linear_model import Ridge


def main(input_paths, output_paths, environ_vars, job_args):
    frame = pd.read_parquet(input_paths["data"])
    model = Ridge(alpha=float(environ_vars.get("ALPHA", "1.0")))
    model.fit(frame.drop(columns=["price", "region"]), frame["price"])
    joblib.dump(model, output_paths["model"])
