"""Turn raw CSV parts into clean numeric tables.

A training job splits its rows into `train/`, `val/` and `test/` and fills gaps with the medians
of `train/`; the fitted imputer is kept beside the splits. Any other job writes one folder of its
own name and leaves gaps open: they are filled later with the medians that the model brings.

Every table has the columns `id`, `label` and the features.
"""

import argparse
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

SEED = 20
HOLD_OUT_SHARE = 0.3
"""Of the training rows; halved into `val` and `test`."""
CONTAINER = "/opt/ml/processing"


@dataclass
class MedianImputer:
    """Fills gaps with the medians of the rows it was fitted on."""

    medians: dict[str, float] = field(default_factory=dict)

    def fit(self, table: pd.DataFrame) -> "MedianImputer":
        """Learn the median of every feature of `table`."""
        features = table.drop(columns=["id", "label"])
        self.medians = {name: float(value) for name, value in features.median().items()}
        return self

    def transform(self, table: pd.DataFrame) -> pd.DataFrame:
        """A copy of `table` without gaps."""
        return table.fillna(self.medians)


def read_parts(folder: Path) -> pd.DataFrame:
    """All CSV files of `folder` under each other.

    Raises:
        FileNotFoundError: The folder holds no CSV file.
    """
    parts = sorted(folder.glob("*.csv"))
    if not parts:
        raise FileNotFoundError(f"no *.csv in {folder}: nothing to preprocess")
    return pd.concat([pd.read_csv(part) for part in parts], ignore_index=True)


def normal_form(raw: pd.DataFrame, *, label_field: str, id_field: str) -> pd.DataFrame:
    """`raw` with the columns `id` and `label`, and only rows that have a label.

    Raises:
        KeyError: The label or the id is not among the columns.
    """
    for name in (label_field, id_field):
        if name not in raw.columns:
            raise KeyError(f"no column {name!r}; the data has {', '.join(raw.columns)}")
    table = raw.rename(columns={label_field: "label", id_field: "id"}).dropna(subset=["label"])
    return table.astype({"label": int})


def three_splits(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Random `train`, `val` and `test`, each with the same share of positive labels."""
    train, rest = train_test_split(
        table, test_size=HOLD_OUT_SHARE, stratify=table["label"], random_state=SEED
    )
    val, test = train_test_split(rest, test_size=0.5, stratify=rest["label"], random_state=SEED)
    return {"train": train, "val": val, "test": test}


def write_splits(splits: Mapping[str, pd.DataFrame], target: Path) -> None:
    """Write each table as `NAME/NAME_processed_data.csv` below `target`."""
    for name, table in splits.items():
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        table.to_csv(folder / f"{name}_processed_data.csv", index=False)
        print(f"{name}: {len(table)} rows, {int(table['label'].sum())} positive")


def main(
    input_paths: Mapping[str, str],
    output_paths: Mapping[str, str],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> dict[str, int]:
    """Read `DATA`, write `processed_data`; the answer is the number of rows of each split."""
    source = Path(input_paths["DATA"])
    target = Path(output_paths["processed_data"])
    label_field = environ_vars["LABEL_FIELD"]
    id_field = environ_vars.get("ID_FIELD", "id")
    job_type = job_args.job_type

    table = normal_form(read_parts(source), label_field=label_field, id_field=id_field)
    gaps = int(table.isna().sum().sum())
    print(f"{job_type}: {len(table)} rows of {source.name}, {gaps} gaps")
    target.mkdir(parents=True, exist_ok=True)
    if job_type == "training":
        splits = three_splits(table)
        imputer = MedianImputer().fit(splits["train"])
        splits = {name: imputer.transform(split) for name, split in splits.items()}
        (target / "imputer.pkl").write_bytes(pickle.dumps(imputer))
    else:
        splits = {job_type: table}
    write_splits(splits, target)
    return {name: len(split) for name, split in splits.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Preprocess tabular data.")
    parser.add_argument("--job_type", required=True, choices=["training", "calibration"])
    main(
        {"DATA": f"{CONTAINER}/input/data"},
        {"processed_data": f"{CONTAINER}/output"},
        dict(os.environ),
        parser.parse_args(),
    )
