"""Let two models score the same rows; the challenger must win by a margin."""

from pathlib import Path

import joblib
import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    champion = joblib.load(Path(input_paths["champion"]) / "linear.joblib")
    challenger = joblib.load(Path(input_paths["challenger"]) / "linear.joblib")
    rows = pd.read_csv(input_paths["duel_rows"])
    x, y = rows.drop(columns="y"), rows["y"]
    margin = challenger.score(x, y) - champion.score(x, y)
    winner = "challenger" if margin > float(environ_vars.get("MARGIN", "0.01")) else "champion"
    Path(output_paths["verdict"], "verdict.txt").write_text(f"{winner} {margin:.4f}\n")
