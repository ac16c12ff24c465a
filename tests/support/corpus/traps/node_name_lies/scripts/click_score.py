"""Score with last quarter's frozen model."""

import os

import lightgbm as lgb
import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    features = pd.read_parquet(os.path.join(input_paths["features"], "click_features.parquet"))
    model = lgb.Booster(model_file=os.path.join(input_paths["click_model"], "frozen.txt"))
    features["score"] = model.predict(features)
    features.to_parquet(os.path.join(output_paths["click_scores"], "click_scores.parquet"))
