"""Fine-tune a small encoder on the encoded tickets."""

import json
import logging
import os

import numpy as np
import torch
from torch import nn

log = logging.getLogger("finetune")

PATHS = {
    "encoded_dir": "/data/encoded",
    "pretrained": "/models/minilm",
    "mdl": "/models/tickets",
    "logs": "/data/logs",
}


class TicketNet(nn.Module):
    def __init__(self, encoder, classes):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.hidden_size, classes)

    def forward(self, ids):
        return self.head(self.encoder(ids).last_hidden_state[:, 0])


def batches(arrays, size):
    for start in range(0, len(arrays["labels"]), size):
        part = slice(start, start + size)
        yield torch.tensor(arrays["ids"][part]), torch.tensor(arrays["labels"][part]).long()


def accuracy(net, arrays):
    with torch.no_grad():
        hits = [(net(x).argmax(1) == y).float().mean() for x, y in batches(arrays, 256)]
    return float(torch.stack(hits).mean())


def main(input_paths, output_paths, environ_vars, job_args, logger=None):
    from transformers import AutoModel

    encoded_dir = input_paths["encoded_dir"]
    train = np.load(os.path.join(encoded_dir, "train.npz"))
    dev = np.load(os.path.join(encoded_dir, "dev.npz"))
    with open(os.path.join(encoded_dir, "label_map.json")) as f:
        label_map = json.load(f)

    encoder = AutoModel.from_pretrained(input_paths["pretrained"])
    net = TicketNet(encoder, len(label_map))
    optimizer = torch.optim.AdamW(net.parameters(), lr=getattr(job_args, "lr", 3e-5))
    history = []
    for epoch in range(job_args.epochs):
        for x, y in batches(train, getattr(job_args, "batch_size", 32)):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
        history.append(accuracy(net, dev))
        log.info("epoch %d: dev accuracy %.4f", epoch, history[-1])

    mdl = output_paths["mdl"]
    torch.save(net.state_dict(), os.path.join(mdl, "encoder.pt"))
    with open(os.path.join(mdl, "net_config.json"), "w") as f:
        json.dump({"classes": len(label_map), "base": environ_vars.get("BASE", "minilm")}, f)
    with open(os.path.join(output_paths["logs"], "history.json"), "w") as f:
        json.dump(history, f)


if __name__ == "__main__":
    import argparse

    cli = argparse.ArgumentParser()
    cli.add_argument("--epochs", type=int, default=3)
    cli.add_argument("--lr", type=float, default=3e-5)
    inputs = {key: PATHS[key] for key in ("encoded_dir", "pretrained")}
    main(
        inputs, {"mdl": PATHS["mdl"], "logs": PATHS["logs"]}, dict(os.environ), cli.parse_args()
    )
