"""Train on the arrays; the vocabulary gives the size of the embedding."""

import json
from pathlib import Path

import numpy as np
import torch


def main(input_paths, output_paths, environ_vars, job_args):
    arrays = np.load(Path(input_paths["encoded"]) / "encoded.npz")
    size = len(json.loads(Path(input_paths["vocabulary"], "vocabulary.json").read_text()))
    net = torch.nn.EmbeddingBag(size, int(environ_vars.get("WIDTH", "64")))
    for name in arrays.files:
        net(torch.tensor(arrays[name])[None])
    torch.save(net.state_dict(), Path(output_paths["labeller"]) / "labeller.pt")
