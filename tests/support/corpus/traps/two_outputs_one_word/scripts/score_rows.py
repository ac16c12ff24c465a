"""Predictions for rows that were trained on, and for rows that were held out."""

from pathlib import Path

import joblib
import pandas as pd


def score(model, rows, folder):
    rows = rows.assign(p=model.predict_proba(rows.drop(columns="y"))[:, 1])
    rows[["y", "p"]].to_csv(Path(folder) / "predictions.csv", index=False)


def main(input_paths, output_paths, environ_vars, job_args):
    model = joblib.load(input_paths["model_file"])
    rows = pd.read_csv(input_paths["all_rows"])
    held_out = rows.index % 5 == 0
    score(model, rows[~held_out], output_paths["predictions_fit"])
    score(model, rows[held_out], output_paths["predictions_held_out"])
