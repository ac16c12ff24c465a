"""Probability of churn for every customer at the new snapshot."""

import json
from pathlib import Path

import lightgbm as lgb
import pandas as pd


def decile_table(table):
    """Mean risk of each tenth of the customers, riskiest first."""
    ranked = table["p_churn"].rank(method="first", ascending=False)
    decile = ((ranked - 1) * 10 // len(table)).astype(int) + 1
    return table.groupby(decile)["p_churn"].agg(["mean", "count"]).rename_axis("decile")


def check_columns(table, columns):
    missing = [name for name in columns if name not in table]
    if missing:
        raise KeyError(f"the features of the snapshot lack {missing}; was another job_type built?")


def main(input_paths, output_paths, environ_vars, job_args):
    artefacts = Path(input_paths["artefacts"])
    booster = lgb.Booster(model_file=str(artefacts / "churn_model.txt"))
    columns = json.loads((artefacts / "columns.json").read_text())
    feats = Path(input_paths["feats"]) / "score" / "features.csv"
    table = pd.read_csv(feats)
    check_columns(table, columns)
    table["p_churn"] = booster.predict(table[columns])
    decimals = int(environ_vars.get("DECIMALS") or 4)
    out = Path(output_paths["scored"])
    out.mkdir(exist_ok=True)
    result = table[["customer", "p_churn"]].round(decimals)
    result.to_csv(out / "churn_scores.csv", index=False)
    decile_table(table).to_csv(out / "deciles.csv")
    return {"mean": float(table["p_churn"].mean())}


if __name__ == "__main__":
    import os

    main(
        {
            "artefacts": "/opt/ml/processing/input/model",
            "feats": "/opt/ml/processing/input/features",
        },
        {"scored": "/opt/ml/processing/output/scores"},
        os.environ,
        None,
    )
