"""Train one ranker; the argument `target` says which."""

import argparse
import json
import os

import lightgbm as lgb
import polars as pl
from sklearn.model_selection import train_test_split

PARAMETERS = {"objective": "binary", "num_leaves": 63, "learning_rate": 0.05, "verbosity": -1}


def dataset(frame, spec, reference=None):
    wanted = spec["numeric"] + spec["categorical"]
    return lgb.Dataset(
        frame.select(wanted).to_pandas().astype({c: "category" for c in spec["categorical"]}),
        label=frame["label"].to_numpy(),
        reference=reference,
    )


def main(input_paths, output_paths, environ_vars, job_args):
    target = job_args.target
    if target not in ("click", "conversion"):
        raise ValueError(f"unknown target {target}")
    features_dir = input_paths["features_dir"]
    frame = pl.read_parquet(os.path.join(features_dir, f"{target}_features.parquet"))
    with open(os.path.join(features_dir, "feature_spec.json")) as f:
        spec = json.load(f)

    rows = list(range(len(frame)))
    fit_rows, watch_rows = train_test_split(rows, test_size=0.1, random_state=3)
    fit = dataset(frame[fit_rows], spec)
    watch = dataset(frame[watch_rows], spec, reference=fit)
    parameters = dict(PARAMETERS)
    if target == "conversion":
        # Few positives: weigh them by what the business says a conversion is worth.
        parameters["scale_pos_weight"] = float(environ_vars["CONVERSION_WEIGHT"])
    booster = lgb.train(
        parameters,
        fit,
        num_boost_round=int(environ_vars.get("ROUNDS", "400")),
        valid_sets=[watch],
        callbacks=[lgb.early_stopping(30)],
    )

    model_dir = output_paths["model_dir"]
    os.makedirs(model_dir, exist_ok=True)
    booster.save_model(os.path.join(model_dir, f"ranker_{target}.txt"))
    gains = dict(zip(booster.feature_name(), booster.feature_importance("gain"), strict=True))
    with open(os.path.join(model_dir, "importance.json"), "w") as f:
        json.dump({name: float(gain) for name, gain in gains.items()}, f)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", choices=["click", "conversion"], required=True)
    main(
        {"features_dir": "/opt/ml/input/data/features"},
        {"model_dir": "/opt/ml/model"},
        dict(os.environ),
        parser.parse_args(),
    )
