"""Scenes and label rasters -> small tiles, by folder of their split; and band statistics."""
import json
import os
import zlib

import numpy as np
import pandas as pd
import rasterio


class BandStatistics:
    def __init__(self):
        self.n, self.total, self.squares = 0, 0.0, 0.0

    def add(self, tile):
        self.n += tile[0].size
        self.total = self.total + tile.sum(axis=(1, 2))
        self.squares = self.squares + (tile**2).sum(axis=(1, 2))

    def as_dict(self):
        mean = self.total / self.n
        return {"mean": mean.tolist(), "std": np.sqrt(self.squares / self.n - mean**2).tolist()}


def split_of(tile):
    share = zlib.crc32(tile.encode()) % 10
    return "train" if share < 7 else "val" if share < 9 else "test"


def main(input_paths, output_paths, environ_vars, job_args, logger=None):
    log = logger or (lambda text: print(text))
    scene_dir, label_dir = input_paths["scenes"], input_paths["labels"]
    tiles_dir, stats_dir = output_paths["tiles"], output_paths["band_statistics"]
    with open(os.path.join(label_dir, "raster_index.json")) as f:
        index = json.load(f)

    statistics = BandStatistics()
    rows = {"train": [], "val": [], "test": []}
    with rasterio.open(os.path.join(scene_dir, "mosaic.tif")) as scene:
        for tile, box in index.items():
            bands = scene.read(window=scene.window(*box)).astype("float32")
            with rasterio.open(os.path.join(label_dir, f"{tile}.tif")) as raster:
                labels = raster.read(1)
            split = split_of(tile)
            os.makedirs(os.path.join(tiles_dir, split), exist_ok=True)
            np.savez(os.path.join(tiles_dir, split, f"{tile}.npz"), x=bands, y=labels)
            rows[split].append({"tile": tile, "crop_share": float((labels > 0).mean())})
            if split == "train":
                statistics.add(bands)
    for split in ["train", "val", "test"]:
        table = pd.DataFrame(rows[split])
        table.to_csv(os.path.join(tiles_dir, split, "tile_index.csv"), index=False)
    with open(os.path.join(stats_dir, "band_statistics.json"), "w") as f:
        json.dump(statistics.as_dict(), f)
    log(f"{sum(map(len, rows.values()))} tiles of {job_args.size} px")
