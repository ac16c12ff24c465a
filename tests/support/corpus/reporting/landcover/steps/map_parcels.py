"""Run the segmenter over the whole mosaic and write the map as polygons."""
import json
import os

import geopandas as gpd
import numpy as np
import rasterio
import rasterio.features
import segmentation_models_pytorch as smp
import torch
from shapely.geometry import shape


def normalized(bands, folder):
    with open(os.path.join(folder, "band_statistics.json")) as f:
        statistics = json.load(f)
    mean = np.array(statistics["mean"])[:, None, None]
    return (bands - mean) / np.array(statistics["std"])[:, None, None]


def polygons(classes, transform, least):
    for geometry, value in rasterio.features.shapes(classes, transform=transform):
        outline = shape(geometry)
        if value and outline.area >= least:
            yield {"geometry": outline, "crop": int(value)}


def main(input_paths, output_paths, environ_vars, job_args):
    weights = torch.load(os.path.join(input_paths["segmenter"], "segmenter.ckpt"))
    net = smp.Unet(environ_vars.get("ENCODER", "resnet34"), in_channels=10, classes=6)
    net.load_state_dict(weights)
    with rasterio.open(os.path.join(input_paths["scenes"], "mosaic.tif")) as scene:
        bands, transform, crs = scene.read().astype("float32"), scene.transform, scene.crs
    bands = normalized(bands, input_paths["band_stats"])
    with torch.no_grad():
        classes = net(torch.tensor(bands)[None].float()).argmax(1)[0].numpy().astype("uint8")
    least = float(environ_vars.get("LEAST_M2") or "500")
    cover = gpd.GeoDataFrame(list(polygons(classes, transform, least)), crs=crs)
    cover.to_file(os.path.join(output_paths["cover_map"], "land_cover.gpkg"))
    print(f"{len(cover)} polygons, {cover.area.sum() / 1e6:.0f} square kilometres")
    if cover.empty:
        raise RuntimeError("the map is empty: do weights and statistics belong together?")
