"""A U-Net over tiles. Channels: training, validation (folders of tiles), stats."""
import json
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd
import segmentation_models_pytorch as smp
import torch
from torch.utils.data import DataLoader, Dataset


@dataclass
class Channels:
    training: str
    validation: str
    stats: str


class Tiles(Dataset):
    def __init__(self, folder, statistics):
        self.folder = folder
        self.names = pd.read_csv(os.path.join(folder, "tile_index.csv"))["tile"].tolist()
        self.mean = np.array(statistics["mean"])[:, None, None]
        self.std = np.array(statistics["std"])[:, None, None]

    def __len__(self):
        return len(self.names)

    def __getitem__(self, i):
        arrays = np.load(os.path.join(self.folder, self.names[i] + ".npz"))
        x = (arrays["x"] - self.mean) / self.std
        return torch.tensor(x).float(), torch.tensor(arrays["y"]).long()


def main(input_paths, output_paths, environ_vars, job_args):
    channels = Channels(
        training=input_paths["training"],
        validation=input_paths["validation"],
        stats=input_paths["stats"],
    )
    with open(os.path.join(channels.stats, "band_statistics.json")) as f:
        statistics = json.load(f)
    fit = DataLoader(Tiles(channels.training, statistics), batch_size=16, shuffle=True)
    watch = DataLoader(Tiles(channels.validation, statistics), batch_size=16)
    net = smp.Unet(environ_vars.get("ENCODER", "resnet34"), in_channels=10, classes=6)
    optimizer = torch.optim.AdamW(net.parameters(), lr=float(environ_vars.get("LR", "1e-3")))
    best = float("inf")
    weights = os.path.join(output_paths["weights"], "segmenter.ckpt")
    for epoch in range(job_args.epochs):
        for x, y in fit:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
        with torch.no_grad():
            loss = np.mean([float(torch.nn.functional.cross_entropy(net(x), y)) for x, y in watch])
        print(epoch, loss)
        if loss < best:
            best = loss
            torch.save(net.state_dict(), weights)
