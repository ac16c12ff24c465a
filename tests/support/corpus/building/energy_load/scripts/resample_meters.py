"""Quarter-hourly readings of many meters to the hourly load of the network."""

import os
from collections import defaultdict
from datetime import datetime

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

FORMATS = {"csv": "readings.csv", "parquet": "readings.parquet"}


def read(folder):
    """Suppliers send CSV, the archive keeps parquet."""
    for suffix, name in FORMATS.items():
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return pcsv.read_csv(path) if suffix == "csv" else pq.read_table(path)
    raise FileNotFoundError(f"neither of {', '.join(FORMATS.values())} in {folder}")


def hourly(table):
    load = defaultdict(float)
    for row in table.to_pylist():
        at = datetime.fromisoformat(row["at"]).replace(minute=0)
        load[at] += row["kwh"]
    return load


def main(input_paths, output_paths, environ_vars, job_args):
    # The old pipeline called it readings, the new one meter_dir.
    meter_dir = input_paths.get("meter_dir", input_paths.get("readings"))
    table = read(meter_dir)
    load = hourly(table)
    hours = sorted(load)
    scale = 1000.0 if environ_vars.get("UNIT", "MWh") == "MWh" else 1.0
    out = pa.table({"hour": hours, "load": [load[hour] / scale for hour in hours]})
    target = output_paths["network_load"]
    os.makedirs(target, exist_ok=True)
    pq.write_table(out, os.path.join(target, "hourly_load.parquet"))
