"""Make sample requests for a model: rows around the medians of its features."""

import argparse
import csv
import json
from collections.abc import Mapping
from pathlib import Path

SPREAD = 0.25
"""Samples lie up to a quarter below and above the medians: inside what the model has seen."""


def sample_rows(medians: Mapping[str, float], count: int) -> list[dict[str, float]]:
    """`count` rows, evenly spread from below to above the medians."""
    steps = [2 * number / (count - 1) - 1 for number in range(count)] if count > 1 else [0.0]
    return [
        {name: round(value * (1 + SPREAD * step), 6) for name, value in medians.items()}
        for step in steps
    ]


def write_csv(rows: list[dict[str, float]], path: Path) -> None:
    """One line a row, without a header, as `text/csv` is sent to a model."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(row.values() for row in rows)


def write_json(rows: list[dict[str, float]], path: Path) -> None:
    """All rows under `instances`."""
    path.write_text(json.dumps({"instances": rows}, indent=2) + "\n", encoding="utf-8")


WRITERS = {
    "text/csv": ("payload.csv", write_csv),
    "application/json": ("payload.json", write_json),
}


def main(
    input_paths: Mapping[str, str],
    output_paths: Mapping[str, str],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> dict[str, int]:
    """Read `model_input`, write `payload_sample`; the answer is the size of each file in bytes.

    Raises:
        ValueError: `CONTENT_TYPES` names a type that cannot be written.
    """
    model = Path(input_paths["model_input"])
    target = Path(output_paths["payload_sample"])
    content_types = environ_vars.get("CONTENT_TYPES", "text/csv,application/json").split(",")
    unknown = sorted(set(content_types) - set(WRITERS))
    if unknown:
        raise ValueError(f"cannot write {', '.join(unknown)}; known: {', '.join(WRITERS)}")

    features = json.loads((model / "feature_columns.json").read_text(encoding="utf-8"))
    medians = json.loads((model / "feature_medians.json").read_text(encoding="utf-8"))
    count = int(getattr(job_args, "samples", 3))
    rows = sample_rows({name: medians[name] for name in features}, count)
    target.mkdir(parents=True, exist_ok=True)
    sizes = {}
    for content_type in content_types:
        name, write = WRITERS[content_type]
        write(rows, target / name)
        sizes[name] = (target / name).stat().st_size
        print(f"{name}: {len(rows)} samples, {sizes[name]} bytes")
    return sizes
