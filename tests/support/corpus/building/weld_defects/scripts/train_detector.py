"""Fine-tune a small vision network on augmented crops."""

import csv
import json
from pathlib import Path

import timm
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

CHECKPOINT = "detector.pt"
CLASSES = ("ok", "pore", "crack", "spatter")
TO_TENSOR = transforms.Compose([transforms.Grayscale(3), transforms.ToTensor()])


class Crops(Dataset):
    def __init__(self, manifest: Path, folder: Path) -> None:
        self.folder = folder
        with manifest.open(newline="") as f:
            self.rows = list(csv.DictReader(f))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index):
        row = self.rows[index]
        image = Image.open(self.folder / row["crop"])
        return TO_TENSOR(image), CLASSES.index(row["label"])


def epoch(net, loader, optimizer=None):
    total = hits = 0
    for images, labels in loader:
        scores = net(images)
        if optimizer is not None:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(scores, labels).backward()
            optimizer.step()
        hits += int((scores.argmax(1) == labels).sum())
        total += len(labels)
    return hits / max(total, 1)


def main(input_paths, output_paths, environ_vars, job_args, logger=None):
    train_data = Path(input_paths["train_data"])
    val_data = Path(input_paths["val_data"])
    train = Crops(train_data / "augmented_manifest.csv", train_data)
    val = Crops(val_data / "val_manifest.csv", val_data / "images")
    net = timm.create_model(environ_vars.get("BACKBONE", "resnet18"), num_classes=len(CLASSES))
    optimizer = torch.optim.SGD(net.parameters(), lr=getattr(job_args, "lr", 0.01), momentum=0.9)
    curve = []
    for _ in range(job_args.epochs):
        epoch(net, DataLoader(train, batch_size=64, shuffle=True), optimizer)
        curve.append(epoch(net, DataLoader(val, batch_size=256)))
    checkpoint_dir = Path(output_paths["checkpoint_dir"])
    checkpoint_dir.mkdir(parents=True, exist_ok=True)
    torch.save(net.state_dict(), checkpoint_dir / CHECKPOINT)
    (checkpoint_dir / "training_curve.json").write_text(json.dumps(curve))
