"""Listings with what is known of their neighbourhood."""

import pathlib
import typing as t

import geopandas as gpd
import pandas as pd

Paths = t.Mapping[str, str]


def nearest_school_m(points: gpd.GeoDataFrame, schools: gpd.GeoDataFrame) -> pd.Series:
    joined = points.sjoin_nearest(schools[["geometry"]], distance_col="school_m")
    return joined.groupby(level=0)["school_m"].first()


def plausible(listings: pd.DataFrame) -> pd.DataFrame:
    keep = listings["area_m2"].between(15, 600) & listings["price"].gt(10_000)
    return listings[keep]


def report(before: int, after: int) -> None:
    dropped = before - after
    print(f"{dropped} of {before} listings are not plausible")
    if before and dropped / before > 0.5:
        raise ValueError("more than half of the listings are not plausible: wrong units?")


def main(input_paths: Paths, output_paths: Paths, environ_vars: Paths, job_args: t.Any) -> None:
    listings_root = pathlib.Path(input_paths["listings"])
    geo_root = pathlib.Path(input_paths["neighbourhood_geo"])
    crs = environ_vars.get("CRS", "EPSG:25832")

    raw = pd.read_csv(listings_root / "listings.csv")
    listings = plausible(raw)
    report(len(raw), len(listings))
    points = gpd.GeoDataFrame(
        listings, geometry=gpd.points_from_xy(listings["lon"], listings["lat"]), crs="EPSG:4326"
    ).to_crs(crs)
    areas = gpd.read_file(geo_root / "neighbourhoods.gpkg").to_crs(crs)
    points["school_m"] = nearest_school_m(points, areas[areas["kind"] == "school"])
    joined = points.sjoin(areas[areas["kind"] == "district"], how="left")

    out = pathlib.Path(output_paths["enriched_listings"])
    out.mkdir(parents=True, exist_ok=True)
    joined.drop(columns="geometry").to_parquet(out / "enriched.parquet")
