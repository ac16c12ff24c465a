"""Parcels whose crop is not the declared one, or not last year's."""
import os

import geopandas as gpd


def largest(parcels, cover):
    pieces = parcels.overlay(cover, how="intersection")
    pieces["area"] = pieces.area
    return pieces.sort_values("area").groupby("parcel")["crop_2"].last()


def worth_a_visit(changed, least_ha):
    """Small parcels are within the error of a ten-metre pixel."""
    hectares = changed.area / 10_000
    return changed[hectares >= least_ha].assign(hectares=hectares.round(2))


def summary(parcels, changed):
    by_crop = changed.groupby("crop").size().sort_values(ascending=False)
    lines = [f"{len(changed)} of {len(parcels)} parcels differ"]
    lines += [f"{crop}: {number}" for crop, number in by_crop.items()]
    return "\n".join(lines)


def main(input_paths, output_paths, environ_vars, job_args):
    cover = gpd.read_file(os.path.join(input_paths["cover"], "land_cover.gpkg"))
    parcels = gpd.read_file(os.path.join(input_paths["parcels"], "parcels.gpkg"))
    seen = largest(parcels, cover)
    parcels["seen"] = parcels["parcel"].map(seen)
    if "last_year" in input_paths:
        old = gpd.read_file(os.path.join(input_paths["last_year"], "land_cover.gpkg"))
        parcels["before"] = parcels["parcel"].map(largest(parcels, old))
    changed = parcels[parcels["seen"] != parcels["crop"]]
    changed = worth_a_visit(changed, float(environ_vars.get("LEAST_HA", 0.5)))
    print(summary(parcels, changed))
    changed.to_file(os.path.join(output_paths["changes"], "changed_parcels.gpkg"))
