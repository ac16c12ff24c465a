"""Isotonic calibration of the predictions."""

import pickle
from pathlib import Path

import pandas as pd
from sklearn.isotonic import IsotonicRegression


def main(input_paths, output_paths, environ_vars, job_args):
    table = pd.read_csv(Path(input_paths["predictions"]) / "predictions.csv")
    calibrator = IsotonicRegression(out_of_bounds="clip").fit(table["p"], table["y"])
    with open(Path(output_paths["calibrator"]) / "calibrator.pkl", "wb") as f:
        pickle.dump(calibrator, f)
