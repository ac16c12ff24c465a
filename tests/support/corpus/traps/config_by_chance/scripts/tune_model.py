"""Search hyperparameters; keep the best model and what made it."""

import json
import os

import joblib
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.model_selection import GridSearchCV

GRID = {"max_depth": [2, 3, 4], "n_estimators": [50, 200]}


def main(input_paths, output_paths, environ_vars, job_args):
    table = pd.read_csv(input_paths["tuning_csv"])
    search = GridSearchCV(GradientBoostingClassifier(), GRID, cv=5)
    search.fit(table.drop(columns="label"), table["label"])
    joblib.dump(search.best_estimator_, os.path.join(output_paths["model"], "best.joblib"))
    with open(os.path.join(output_paths["config"], "best_parameters.json"), "w") as f:
        json.dump(search.best_params_, f)
