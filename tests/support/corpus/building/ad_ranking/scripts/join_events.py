"""Impressions joined with their advertisers; clicks and conversions attributed."""

import sys
from pathlib import Path

import polars as pl

ATTRIBUTION_WINDOW = {"click": "30m", "conversion": "7d"}


def read_log(folder: Path) -> pl.LazyFrame:
    return pl.scan_parquet(folder / "impressions" / "*.parquet")


def attribute(log: pl.LazyFrame, kind: str) -> pl.LazyFrame:
    events = log.filter(pl.col("kind") == kind).select("request", "at")
    shown = log.filter(pl.col("kind") == "shown")
    return shown.join_asof(
        events, on="at", by="request", tolerance=ATTRIBUTION_WINDOW[kind], suffix=f"_{kind}"
    )


def main(input_paths, output_paths, environ_vars, job_args):
    try:
        log = read_log(Path(input_paths["impression_log"]))
        table = pl.read_csv(Path(input_paths["advertiser_table"]) / "advertisers.csv")
        joined = attribute(log, "click")
        bought = attribute(log, "conversion").select("request", "at_conversion")
        joined = joined.join(bought, on="request")
        frame = joined.join(table.lazy(), on="advertiser", how="left").collect()
    except pl.exceptions.PolarsError as error:
        print(f"join failed: {error}", file=sys.stderr)
        sys.exit(1)
    unknown = frame["industry"].null_count() / max(len(frame), 1)
    if unknown > float(environ_vars.get("MAX_UNKNOWN_SHARE", "0.05")):
        print(f"{unknown:.1%} of the impressions have no advertiser", file=sys.stderr)
        sys.exit(1)
    frame.write_parquet(Path(output_paths["joined"]) / "joined_events.parquet")


if __name__ == "__main__":
    main(
        {
            "impression_log": "/opt/ml/processing/input/impressions",
            "advertiser_table": "/opt/ml/processing/input/advertisers",
        },
        {"joined": "/opt/ml/processing/output/joined"},
        {},
        None,
    )
