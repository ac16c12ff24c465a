"""Hourly observations of the stations to daily features of the stores."""

import os

import numpy as np
import pandas as pd

EARTH_RADIUS_KM = 6371.0


def distance_km(lat_a, lon_a, lat_b, lon_b):
    lat_a, lon_a, lat_b, lon_b = map(np.radians, (lat_a, lon_a, lat_b, lon_b))
    h = (
        np.sin((lat_b - lat_a) / 2) ** 2
        + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(h))


def nearest_station(stores, stations):
    nearest = {}
    for store in stores.itertuples():
        away = distance_km(store.lat, store.lon, stations["lat"], stations["lon"])
        nearest[store.store_id] = stations.loc[away.idxmin(), "station"]
    return nearest


def main(input_paths, output_paths, environ_vars, job_args):
    in_dir, out_dir = input_paths["in_dir"], output_paths["out_dir"]
    observations = pd.read_csv(f"{in_dir}/observations.csv", parse_dates=["at"])
    stations = pd.read_csv(f"{in_dir}/stations.csv")
    stores = pd.read_csv(f"{in_dir}/store_positions.csv")

    observations["day"] = observations["at"].dt.date
    daily = observations.groupby(["station", "day"]).agg(
        temperature=("temperature", "mean"), rain=("rain", "sum"), sun=("sun", "sum")
    )
    station_of = pd.Series(nearest_station(stores, stations), name="station")
    features = station_of.rename_axis("store_id").reset_index().merge(
        daily.reset_index(), on="station"
    )
    if environ_vars.get("FAHRENHEIT", "no") == "yes":
        features["temperature"] = features["temperature"] * 9 / 5 + 32
    features.to_parquet(os.path.join(out_dir, "weather_daily.parquet"))
