"""The reconstruction error above which an alarm is raised."""
import json
from pathlib import Path

import numpy as np
import torch


def errors(net, rows):
    x = torch.tensor(rows[:, 2:].astype("float32"))
    with torch.no_grad():
        return (net(x) - x).pow(2).mean(1).numpy()


def sweep(healthy, failing, quantiles):
    """What each quantile would catch, for the table in the log."""
    for quantile in quantiles:
        threshold = np.quantile(healthy, quantile)
        yield quantile, float(threshold), float((failing > threshold).mean())


def finite(values, what):
    if not np.isfinite(values).all():
        raise ValueError(f"{what} windows give errors that are not finite")
    return values


def main(input_paths, output_paths, environ_vars, job_args):
    net = torch.load(Path(input_paths["autoencoder"], "autoencoder.pt"))
    windows = Path(input_paths["windows"])
    healthy = np.load(windows / "healthy" / "windows.npy", allow_pickle=True)
    failing = np.load(windows / "failing" / "windows.npy", allow_pickle=True)
    quantile = float(environ_vars.get("HEALTHY_QUANTILE", "0.995"))
    calm = finite(errors(net, healthy), "healthy")
    loud = finite(errors(net, failing), "failing")
    for row in sweep(calm, loud, (0.9, 0.99, 0.999)):
        print("quantile %.3f threshold %.4f caught %.2f" % row)
    threshold = float(np.quantile(calm, quantile))
    caught = float((loud > threshold).mean())
    out = Path(output_paths["threshold"])
    (out / "threshold.json").write_text(json.dumps({"threshold": threshold, "caught": caught}))
