"""Scores of all loans, and how long each batch took."""

import os
import time

import pandas as pd
import xgboost as xgb


def main(input_paths, output_paths, environ_vars, job_args):
    booster = xgb.Booster(model_file=input_paths["booster_json"])
    loans = pd.read_csv(input_paths["loans_csv"])
    seconds = []
    for start in range(0, len(loans), job_args.batch):
        began = time.perf_counter()
        part = loans.iloc[start : start + job_args.batch]
        loans.loc[part.index, "score"] = booster.predict(xgb.DMatrix(part))
        seconds.append(time.perf_counter() - began)
    loans.to_csv(os.path.join(output_paths["scores"], "loan_scores.csv"))
    pd.Series(seconds).to_csv(os.path.join(output_paths["timings"], "timings.csv"))
