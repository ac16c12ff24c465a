"""Error of the stack on the test fold, in percent, by district."""

import json
import pathlib

import joblib
import pandas as pd


class Stack:
    def __init__(self, folder: pathlib.Path) -> None:
        self.bases = joblib.load(folder / "stacked_bases.joblib")
        self.weights = json.loads((folder / "stack_weights.json").read_text())

    def predict(self, x):
        return sum(self.weights[name] * model.predict(x) for name, model in self.bases.items())


def bands(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of the flats that are valued within 5, 10 and 20 percent."""
    within = {f"within_{p}": (rows["error"] <= p / 100).mean() for p in (5, 10, 20)}
    return pd.DataFrame([within]).round(3)


def check(rows: pd.DataFrame) -> None:
    missing = {"district", "price"} - set(rows.columns)
    if missing:
        raise KeyError(f"the test fold lacks {sorted(missing)}")


def main(input_paths, output_paths, environ_vars, job_args):
    stack = Stack(pathlib.Path(input_paths["ensemble"]))
    rows = pd.read_parquet(pathlib.Path(input_paths["test_rows"]) / "table.parquet")
    check(rows)
    rows["error"] = (stack.predict(rows.drop(columns="price")) / rows["price"] - 1).abs()
    by_district = rows.groupby("district")["error"].median().mul(100).round(1)
    out = pathlib.Path(output_paths["valuation_report"])
    by_district.to_csv(out / "error_by_district.csv")
    bands(rows).to_csv(out / "bands.csv", index=False)
    limit = getattr(job_args, "limit_percent", None)
    if limit is not None and by_district.max() > limit:
        raise RuntimeError(f"{by_district.idxmax()}: {by_district.max()} % is too much")
