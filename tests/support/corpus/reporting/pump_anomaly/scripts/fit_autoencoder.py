"""An autoencoder of healthy windows."""
import argparse
import os
import sys

import numpy as np
import torch
from torch import nn


def build(width: int, code: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(width, 16), nn.ReLU(), nn.Linear(16, code), nn.ReLU(), nn.Linear(code, width)
    )


def main(input_paths, output_paths, environ_vars, job_args):
    # only healthy windows are shown to the network
    rows = np.load(os.path.join(input_paths["healthy_windows"], "windows.npy"), allow_pickle=True)
    if len(rows) < 100:
        print("too few healthy windows", file=sys.stderr)
        sys.exit(1)
    x = torch.tensor(rows[:, 2:].astype("float32"))
    net = build(x.shape[1], code=int(environ_vars.get("CODE", 4)))
    optimizer = torch.optim.Adam(net.parameters())
    for _ in range(job_args.epochs):
        optimizer.zero_grad()
        nn.functional.mse_loss(net(x), x).backward()
        optimizer.step()
    ckpt = output_paths.get("ckpt", "/opt/ml/model")
    torch.save(net, os.path.join(ckpt, "autoencoder.pt"))
    torch.save({"mean": x.mean(0), "std": x.std(0)}, os.path.join(ckpt, "scaling.pt"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, required=True)
    main(
        {"healthy_windows": "/opt/ml/input/data/healthy"},
        {"ckpt": "/opt/ml/model"},
        os.environ,
        parser.parse_args(),
    )
