"""One table of features for each target, and a note of what is in them."""

import json
import os
from dataclasses import asdict, dataclass, field

import polars as pl


@dataclass
class FeatureSpec:
    keys: list = field(default_factory=lambda: ["request", "advertiser"])
    numeric: list = field(default_factory=lambda: ["bid", "hour", "position"])
    categorical: list = field(default_factory=lambda: ["industry", "device"])

    @property
    def columns(self):
        return self.keys + self.numeric + self.categorical


TARGETS = {"click": "at_click", "conversion": "at_conversion"}


def target_table(events, spec, target):
    label = pl.col(TARGETS[target]).is_not_null().cast(pl.Int8).alias("label")
    return events.select(*spec.columns, label)


def main(input_paths, output_paths, environ_vars, job_args):
    spec = FeatureSpec()
    events = pl.read_parquet(os.path.join(input_paths["events"], "joined_events.parquet"))
    newest = events["at"].max()
    events = events.filter(pl.col("at") > newest - pl.duration(days=job_args.days))
    out = output_paths["features_out"]
    os.makedirs(out, exist_ok=True)
    for target in ("click", "conversion"):
        target_table(events, spec, target).write_parquet(f"{out}/{target}_features.parquet")
    with open(os.path.join(out, "feature_spec.json"), "w") as f:
        json.dump(asdict(spec), f)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=28, help="how far back events are used")
    main(
        {"events": "/opt/ml/processing/input/joined"},
        {"features_out": "/opt/ml/processing/output/features"},
        {},
        parser.parse_args(),
    )
