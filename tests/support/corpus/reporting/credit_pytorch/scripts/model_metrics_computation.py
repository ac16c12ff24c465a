#!/usr/bin/env python3
"""Metrics of scored rows, by segment as well, and against a model that runs today."""

import json
import os
from pathlib import Path

import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score


def compute(df, label):
    return {
        "auc": float(roc_auc_score(df[label], df["prob_class_1"])),
        "ap": float(average_precision_score(df[label], df["prob_class_1"])),
        "rows": int(len(df)),
    }


def dollar_recall(df, label, amount_field):
    flagged = df[df["prob_class_1"] > 0.5]
    return float(flagged.loc[flagged[label] == 1, amount_field].sum())


def main(input_paths, output_paths, environ_vars, job_args):
    label = environ_vars["LABEL_FIELD"]
    id_field = environ_vars["ID_FIELD"]
    scored = Path(input_paths["processed_data"]) / "scored_predictions.parquet"
    df = pd.read_parquet(scored).drop_duplicates(id_field)
    metrics = {"job_type": job_args.job_type, **compute(df, label)}

    amount_field = environ_vars.get("AMOUNT_FIELD")
    if amount_field:
        metrics["dollar_recall"] = dollar_recall(df, label, amount_field)

    previous = input_paths.get("previous_scores", None)
    if previous is not None:
        old = pd.read_csv(os.path.join(previous, "previous_scores.csv"))
        metrics["previous_auc"] = compute(old, label)["auc"]

    metrics_dir = output_paths["metrics_output"]
    os.makedirs(metrics_dir, exist_ok=True)
    with open(os.path.join(metrics_dir, "metrics.json"), "w") as f:
        json.dump(metrics, f, indent=2)
    if environ_vars.get("GENERATE_PLOTS", "true").lower() == "true":
        plots = output_paths.get("plots_output", metrics_dir)
        df["prob_class_1"].plot.hist().figure.savefig(os.path.join(plots, "scores.png"))
