"""Windows with all features, healthy ones apart from those before a failure."""
import json
import os

import numpy as np

SOURCES = {
    "spectrum_dir": "spectrum.npz",
    "thermal_dir": "thermal.npz",
}


def near_failure(row, failures):
    return any(
        f["pump"] == row[0] and f["from_s"] <= float(row[1]) * 600 <= f["to_s"] for f in failures
    )


def main(input_paths, output_paths, environ_vars, job_args):
    """Join the features of spectrum_dir and thermal_dir; failures_dir tells bad windows."""
    arrays = []
    for key in ["spectrum_dir", "thermal_dir"]:
        loaded = np.load(os.path.join(input_paths[key], SOURCES[key]), allow_pickle=True)
        arrays.append(loaded["rows"])
    with open(os.path.join(input_paths["failures_dir"], "failures.json")) as f:
        failures = json.load(f)
    joined = np.concatenate([arrays[0], arrays[1][:, 2:]], axis=1)
    bad = np.array([near_failure(row, failures) for row in joined])

    windows = output_paths["windows"]
    healthy = os.path.join(windows, "healthy")
    failing = os.path.join(windows, "failing")
    os.makedirs(healthy, exist_ok=True)
    os.makedirs(failing, exist_ok=True)
    np.save(os.path.join(healthy, "windows.npy"), joined[~bad])
    np.save(os.path.join(failing, "windows.npy"), joined[bad])
    print(f"{(~bad).sum()} healthy and {bad.sum()} failing windows")
    if bad.sum() < int(environ_vars.get("LEAST_FAILING", "10")):
        raise RuntimeError("too few windows before failures to choose a threshold")
