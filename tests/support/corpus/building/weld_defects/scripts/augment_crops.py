"""Turn, mirror and darken the training crops; defects are rare."""

import csv
import os

from PIL import Image, ImageEnhance, ImageOps


def variants(image, copies):
    yield image
    makers = [ImageOps.mirror, ImageOps.flip, lambda i: i.rotate(90), darker, brighter]
    for maker in makers[:copies]:
        yield maker(image)


def darker(image):
    return ImageEnhance.Brightness(image).enhance(0.7)


def brighter(image):
    return ImageEnhance.Brightness(image).enhance(1.3)


def main(input_paths, output_paths, environ_vars, job_args):
    # The folder of the training split itself: the manifest lies at its root.
    train_dir = input_paths["train_dir"]
    augmented = output_paths["augmented"]
    copies = int(environ_vars["COPIES"])
    with open(os.path.join(train_dir, "train_manifest.csv"), newline="") as f:
        rows = list(csv.DictReader(f))
    written = []
    for row in rows:
        with Image.open(os.path.join(train_dir, "images", row["crop"])) as image:
            wanted = copies if row["label"] != "ok" else 0
            for number, variant in enumerate(variants(image, wanted)):
                name = f"{number}_{row['crop']}"
                variant.save(os.path.join(augmented, name))
                written.append([name, row["label"]])
    with open(os.path.join(augmented, "augmented_manifest.csv"), "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(["crop", "label"])
        out.writerows(written)
