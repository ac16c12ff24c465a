"""Turn scores into probabilities that can be believed."""
import json
import os
import pickle
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression


@dataclass
class CalibrationConfig:
    input_data_path: str
    output_calibration_path: str
    output_metrics_path: str
    output_calibrated_data_path: str
    method: str = "isotonic"
    label_field: str = "is_fraud"
    score_field: str = "prob_class_1"

    @classmethod
    def from_env(cls, input_paths, output_paths, environ_vars):
        return cls(
            input_data_path=input_paths["evaluation_data"],
            output_calibration_path=output_paths["calibration_output"],
            output_metrics_path=output_paths["metrics_output"],
            output_calibrated_data_path=output_paths["calibrated_data"],
            method=environ_vars.get("CALIBRATION_METHOD", "isotonic").lower(),
            label_field=environ_vars.get("LABEL_FIELD", "is_fraud"),
            score_field=environ_vars.get("SCORE_FIELD", "prob_class_1"),
        )


def create_directories(config):
    for folder in (
        config.output_calibration_path,
        config.output_metrics_path,
        config.output_calibrated_data_path,
    ):
        os.makedirs(folder, exist_ok=True)


def fit(config, scores, labels):
    if config.method == "platt":
        return LogisticRegression().fit(scores.to_numpy().reshape(-1, 1), labels)
    return IsotonicRegression(out_of_bounds="clip").fit(scores, labels)


def main(input_paths, output_paths, environ_vars, job_args):
    config = CalibrationConfig.from_env(input_paths, output_paths, environ_vars)
    create_directories(config)
    df = pd.read_csv(Path(config.input_data_path) / "eval_predictions.csv")
    calibrator = fit(config, df[config.score_field], df[config.label_field])
    with open(os.path.join(config.output_calibration_path, "calibration_model.pkl"), "wb") as f:
        pickle.dump(calibrator, f)
    with open(os.path.join(config.output_calibration_path, "calibration_summary.json"), "w") as f:
        json.dump({"method": config.method, "rows": len(df)}, f)
    df["calibrated"] = calibrator.predict(df[config.score_field].to_numpy())
    df.to_csv(Path(config.output_calibrated_data_path, "calibrated_data.csv"), index=False)
    brier = float(((df["calibrated"] - df[config.label_field]) ** 2).mean())
    Path(config.output_metrics_path, "calibration_metrics.json").write_text(
        json.dumps({"brier": brier, "job_type": job_args.job_type})
    )


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--job_type", default="calibration")
    main(
        {"evaluation_data": "/opt/ml/processing/input/eval_data"},
        {
            "calibration_output": "/opt/ml/processing/output/calibration",
            "metrics_output": "/opt/ml/processing/output/metrics",
            "calibrated_data": "/opt/ml/processing/output/calibrated_data",
        },
        dict(os.environ),
        parser.parse_args(),
    )
