"""Score one split with the trained booster."""
import argparse
import os
import sys

import matplotlib.pyplot as plt
import pandas as pd
import xgboost as xgb
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

BASE = "/opt/ml/processing"


def load_model_artifacts(model_dir):
    booster = xgb.Booster()
    booster.load_model(os.path.join(model_dir, "xgboost_model.bst"))
    with open(os.path.join(model_dir, "feature_columns.txt")) as f:
        columns = [line.strip().split(",", 1)[1] for line in f if not line.startswith("#")]
    return booster, columns


def load_eval_data(eval_data_dir, split):
    return pd.read_csv(os.path.join(eval_data_dir, split, f"{split}_processed_data.csv"))


def plot_roc(labels, scores, folder):
    fpr, tpr, _ = roc_curve(labels, scores)
    plt.figure()
    plt.plot(fpr, tpr)
    plt.savefig(os.path.join(folder, "roc_curve.jpg"))
    plt.close()


def main(input_paths, output_paths, environ_vars, job_args, logger=None):
    model_dir = input_paths.get("model_input", f"{BASE}/input/model")
    eval_data_dir = input_paths.get("processed_data", f"{BASE}/input/eval_data")
    output_eval_dir = output_paths.get("eval_output", f"{BASE}/output/eval")
    output_metrics_dir = output_paths.get("metrics_output", f"{BASE}/output/metrics")
    os.makedirs(output_eval_dir, exist_ok=True)
    os.makedirs(output_metrics_dir, exist_ok=True)

    booster, columns = load_model_artifacts(model_dir)
    df = load_eval_data(eval_data_dir, job_args.job_type)
    scores = booster.predict(xgb.DMatrix(df[columns]))
    id_field, label_field = environ_vars["ID_FIELD"], environ_vars["LABEL_FIELD"]
    out = df[[id_field, label_field]].assign(prob_class_1=scores)
    out.to_csv(os.path.join(output_eval_dir, "eval_predictions.csv"), index=False)
    metrics = {
        "auc_roc": roc_auc_score(df[label_field], scores),
        "average_precision": average_precision_score(df[label_field], scores),
    }
    pd.Series(metrics).to_json(os.path.join(output_metrics_dir, "metrics.json"))
    plot_roc(df[label_field], scores, output_metrics_dir)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--job_type", type=str, required=True)
    try:
        main(
            {"model_input": f"{BASE}/input/model", "processed_data": f"{BASE}/input/eval_data"},
            {"eval_output": f"{BASE}/output/eval", "metrics_output": f"{BASE}/output/metrics"},
            dict(os.environ),
            parser.parse_args(),
        )
    except Exception:
        sys.exit(1)
