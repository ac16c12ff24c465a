"""Parcels with their crops -> one label raster a tile of the grid."""
import json
import os

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.features import rasterize
from rasterio.transform import from_bounds

CROPS = ["none", "wheat", "maize", "rape", "meadow", "forest"]
TILE_M = 10_000


def grid(bounds):
    x0, y0, x1, y1 = bounds
    for x in np.arange(x0, x1, TILE_M):
        for y in np.arange(y0, y1, TILE_M):
            yield f"{int(x // TILE_M)}_{int(y // TILE_M)}", (x, y, x + TILE_M, y + TILE_M)


def burn(parcels, box, pixels):
    shapes = [(g, CROPS.index(c)) for g, c in zip(parcels.geometry, parcels["crop"])]
    transform = from_bounds(*box, pixels, pixels)
    return rasterize(shapes, out_shape=(pixels, pixels), transform=transform), transform


def main(input_paths, output_paths, environ_vars, job_args):
    parcels = gpd.read_file(os.path.join(input_paths["parcel_map"], "parcels.gpkg"))
    rasters = output_paths["label_rasters"]
    os.makedirs(rasters, exist_ok=True)
    pixels = TILE_M // job_args.resolution_m
    index = {}
    for tile, box in grid(parcels.total_bounds):
        inside = parcels.cx[box[0] : box[2], box[1] : box[3]]
        labels, transform = burn(inside, box, pixels)
        path = os.path.join(rasters, f"{tile}.tif")
        with rasterio.open(path, "w", driver="GTiff", height=pixels, width=pixels, count=1,
                           dtype="uint8", crs=parcels.crs, transform=transform) as raster:
            raster.write(labels, 1)
        index[tile] = list(box)
    with open(os.path.join(rasters, "raster_index.json"), "w") as f:
        json.dump(index, f)
