"""Cut the welds out of the camera images and split them by production line."""

import csv
import json
import random
from pathlib import Path

from PIL import Image

SPLIT_OF_LINE = {"line-1": "train", "line-2": "train", "line-3": "val", "line-4": "test"}


def load_annotations(folder):
    with open(folder / "annotations.json", encoding="utf-8") as f:
        return json.load(f)["annotations"]


def cut(image_path, box, size):
    with Image.open(image_path) as image:
        return image.crop(box).resize((size, size))


def write_manifest(rows, folder, split):
    with open(folder / f"{split}_manifest.csv", "w", newline="") as f:
        out = csv.DictWriter(f, ["crop", "label", "line"])
        out.writeheader()
        out.writerows(rows)


def main(input_paths, output_paths, environ_vars, job_args):
    images = Path(input_paths["images"])
    crops = Path(output_paths["crops"])
    size = job_args.crop_px
    rows = {"train": [], "val": [], "test": []}
    annotations = load_annotations(Path(input_paths["annotations"]))
    random.Random(int(environ_vars.get("SEED", "11"))).shuffle(annotations)
    for number, annotation in enumerate(annotations):
        split = SPLIT_OF_LINE.get(annotation["line"], "train")
        name = f"crop_{number:06d}.png"
        target = crops / split / "images"
        target.mkdir(parents=True, exist_ok=True)
        source = images / f"{annotation['image']}.tiff"
        cut(source, annotation["box"], size).save(target / name)
        rows[split].append({"crop": name, "label": annotation["label"], "line": annotation["line"]})
    for split in ("train", "val", "test"):
        write_manifest(rows[split], crops / split, split)
    return {split: len(found) for split, found in rows.items()}


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--crop-px", type=int, default=256)
    main(
        {
            "images": "/opt/ml/processing/input/images",
            "annotations": "/opt/ml/processing/input/annotations",
        },
        {"crops": "/opt/ml/processing/output/crops"},
        {},
        parser.parse_args(),
    )
