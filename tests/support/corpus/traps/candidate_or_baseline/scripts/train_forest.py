"""A forest of as many trees as the argument says."""

import pickle
from pathlib import Path

import pandas as pd
from sklearn.ensemble import RandomForestClassifier


def main(input_paths, output_paths, environ_vars, job_args):
    table = pd.read_csv(input_paths["training_csv"])
    forest = RandomForestClassifier(n_estimators=job_args.trees)
    forest.fit(table.drop(columns="label"), table["label"])
    out = Path(output_paths["model"])
    with open(out / "model.pkl", "wb") as f:
        pickle.dump(forest, f)
