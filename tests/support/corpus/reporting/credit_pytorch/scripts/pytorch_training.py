#!/usr/bin/env python3
"""Train a feed-forward network on sampled tabular data."""

import json
import os
import sys
from dataclasses import asdict, dataclass
from typing import Dict, List

import lightning.pytorch as pl
import pandas as pd
import torch
from torch.utils.data import DataLoader, TensorDataset

MODEL_FILENAME = "credit_net.pth"
ARTIFACT_FILENAME = "model_artifacts.json"


@dataclass
class Config:
    label: str = "defaulted"
    hidden: int = 64
    batch_size: int = 256
    max_epochs: int = 10
    lr: float = 1e-3


class CreditNet(pl.LightningModule):
    def __init__(self, width: int, config: Config):
        super().__init__()
        self.config = config
        self.net = torch.nn.Sequential(
            torch.nn.Linear(width, config.hidden),
            torch.nn.ReLU(),
            torch.nn.Linear(config.hidden, 1),
        )

    def training_step(self, batch, _):
        x, y = batch
        return torch.nn.functional.binary_cross_entropy_with_logits(self.net(x)[:, 0], y)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.config.lr)


def load_split(data_dir: str, split: str) -> pd.DataFrame:
    return pd.read_csv(os.path.join(data_dir, split, f"{split}_sampled.csv"))


def loader(df: pd.DataFrame, features: List[str], config: Config) -> DataLoader:
    x = torch.tensor(df[features].to_numpy(), dtype=torch.float32)
    y = torch.tensor(df[config.label].to_numpy(), dtype=torch.float32)
    return DataLoader(TensorDataset(x, y), batch_size=config.batch_size)


def load_config(path: str) -> Config:
    with open(os.path.join(path, "hyperparameters.json")) as f:
        return Config(**json.load(f))


def main(input_paths: Dict[str, str], output_paths: Dict[str, str], environ_vars, job_args):
    data_dir = input_paths["input_path"]
    hyperparameters = input_paths.get("hyperparameters")
    config = load_config(hyperparameters) if hyperparameters else Config()

    for name in environ_vars:
        if name.startswith("NET_"):
            setattr(config, name[4:].lower(), int(environ_vars[name]))

    frames = {split: load_split(data_dir, split) for split in ("train", "val", "test")}
    features = [c for c in frames["train"].columns if c != config.label]
    net = CreditNet(len(features), config)
    trainer = pl.Trainer(
        max_epochs=config.max_epochs,
        accelerator=environ_vars.get("ACCELERATOR", "auto"),
        logger=False,
    )
    trainer.fit(
        net, loader(frames["train"], features, config), loader(frames["val"], features, config)
    )

    model_dir = output_paths["model_output"]
    os.makedirs(model_dir, exist_ok=True)
    torch.save(net.state_dict(), os.path.join(model_dir, MODEL_FILENAME))
    with open(os.path.join(model_dir, ARTIFACT_FILENAME), "w") as f:
        json.dump({"features": features, "config": asdict(config)}, f)

    eval_dir = output_paths["evaluation_output"]
    os.makedirs(eval_dir, exist_ok=True)
    result = trainer.test(net, loader(frames["test"], features, config), verbose=False)
    with open(os.path.join(eval_dir, "test_result.json"), "w") as f:
        json.dump(result, f)


if __name__ == "__main__":
    try:
        main(
            {"input_path": "/opt/ml/input/data", "hyperparameters": "/opt/ml/code/hyperparams"},
            {"model_output": "/opt/ml/model", "evaluation_output": "/opt/ml/output/data"},
            {},
            None,
        )
    except Exception:
        sys.exit(1)
