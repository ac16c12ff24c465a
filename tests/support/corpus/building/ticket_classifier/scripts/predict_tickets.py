"""Queue of each test ticket, with the confidence of the choice."""

import csv
import json
import os

import numpy as np
import torch

from .finetune_encoder import TicketNet


def load_net(folder, base):
    from transformers import AutoModel

    config = json.load(open(os.path.join(folder, "net_config.json")))
    net = TicketNet(AutoModel.from_pretrained(base or config["base"]), config["classes"])
    net.load_state_dict(torch.load(os.path.join(folder, "encoder.pt"), weights_only=True))
    return net.eval()


def in_batches(net, ids, size=256):
    """Probabilities of all rows, without holding all activations at once."""
    parts = []
    for start in range(0, len(ids), size):
        parts.append(torch.softmax(net(torch.tensor(ids[start : start + size])), dim=1))
    return torch.cat(parts)


def main(input_paths, output_paths, environ_vars, job_args):
    net = load_net(input_paths["mdl"], environ_vars.get("BASE", ""))
    features = input_paths["features"]
    arrays = np.load(f"{features}/test.npz")
    names = {i: queue for queue, i in json.load(open(f"{features}/label_map.json")).items()}
    with torch.no_grad():
        probabilities = in_batches(net, arrays["ids"])
    top = probabilities.max(dim=1)
    with open(os.path.join(output_paths["preds"], "predictions.csv"), "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(["row", "queue", "predicted", "confidence"])
        for row, (best, p) in enumerate(zip(top.indices, top.values, strict=True)):
            truth = names.get(int(arrays["labels"][row]), "?")
            out.writerow([row, truth, names[int(best)], f"{float(p):.4f}"])
