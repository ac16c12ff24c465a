"""Which windows lie in the day before a repair."""
import csv
import json
import os

HOURS_BEFORE = 24


def repairs(path, kinds):
    with open(path, newline="") as f:
        return [row for row in csv.DictReader(f) if row["kind"] in kinds]


def merged(labels):
    """Windows of one pump that overlap become one."""
    out = []
    for label in sorted(labels, key=lambda x: (x["pump"], x["from_s"])):
        last = out[-1] if out else None
        if last and last["pump"] == label["pump"] and label["from_s"] <= last["to_s"]:
            last["to_s"] = max(last["to_s"], label["to_s"])
        else:
            out.append(dict(label))
    return out


def main(input_paths, output_paths, environ_vars, job_args):
    kinds = environ_vars.get("REPAIR_KINDS", "bearing,seal").split(",")
    found = repairs(os.path.join(input_paths["orders"], "work_orders.csv"), kinds)
    labels = [
        {"pump": r["pump"], "from_s": int(r["at_s"]) - HOURS_BEFORE * 3600, "to_s": int(r["at_s"])}
        for r in found
    ]
    with open(os.path.join(output_paths["failure_windows"], "failures.json"), "w") as f:
        json.dump(merged(labels), f)


if __name__ == "__main__":
    main(
        {"orders": "/opt/ml/processing/input/orders"},
        {"failure_windows": "/opt/ml/processing/output/failures"},
        os.environ,
        None,
    )
