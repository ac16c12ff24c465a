"""What training knows of the preprocessed tables."""

from pathlib import Path

import pandas as pd

NOT_FEATURES = ("id", "label")


def load_split(folder: Path, name: str) -> pd.DataFrame:
    """The table of one split below the preprocessed folder.

    Raises:
        FileNotFoundError: The split is not there.
    """
    return pd.read_csv(folder / name / f"{name}_processed_data.csv")


def feature_columns(table: pd.DataFrame) -> list[str]:
    """The columns that a model may learn from, in the order of the table."""
    return [name for name in table.columns if name not in NOT_FEATURES]
