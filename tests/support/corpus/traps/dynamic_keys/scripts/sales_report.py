"""Sales of the regions that a file lists, beside those of the last report."""

import json
from pathlib import Path

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    regions = Path(environ_vars["REGIONS_FILE"]).read_text().split()
    before = json.loads(Path(input_paths["last_report"], "totals.json").read_text())
    totals = {}
    for region in regions:
        table = pd.read_csv(Path(input_paths[f"{region}_sales"]) / "sales.csv")
        totals[region] = float(table["amount"].sum()) - before.get(region, 0.0)
    Path(output_paths["report"], "totals.json").write_text(json.dumps(totals))
