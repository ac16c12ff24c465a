"""Confusion matrix and missed defects on the line that training never saw."""

import json
import os
import sys

import torch
from sklearn.metrics import classification_report, confusion_matrix

from .train_detector import CLASSES, Crops, timm
from pathlib import Path


def load(folder):
    state = torch.load(os.path.join(folder, "detector.pt"), weights_only=True)
    net = timm.create_model("resnet18", num_classes=len(CLASSES))
    net.load_state_dict(state)
    return net.eval()


def main(input_paths, output_paths, environ_vars, job_args):
    test_dir = Path(input_paths["test_dir"])
    manifest = test_dir / "test_manifest.csv"
    if not manifest.exists():
        print(f"no {manifest}")
        sys.exit(1)
    crops = Crops(manifest, test_dir / "images")
    net = load(input_paths["detector"])
    truth, predicted = [], []
    with torch.no_grad():
        for image, label in crops:
            truth.append(label)
            predicted.append(int(net(image[None]).argmax(1)))
    report = classification_report(truth, predicted, target_names=CLASSES, output_dict=True)
    report["confusion"] = confusion_matrix(truth, predicted).tolist()
    with open(os.path.join(output_paths["evaluation"], "report.json"), "w") as f:
        json.dump(report, f)
    recall = min(report[name]["recall"] for name in CLASSES[1:])
    if recall < float(environ_vars.get("LEAST_RECALL", 0)):
        sys.exit(1)
