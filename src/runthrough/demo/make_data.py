"""Write the raw data of the demo: `data/training/*.csv` and `data/calibration/*.csv`.

The rows are scikit-learn's breast cancer data (569 samples, 30 measurements). A few measurements
are left out on purpose, as real tables have gaps. The same files are written every time.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer

SEED = 20
MISSING_SHARE = 0.02
"""One measurement in fifty: enough that every split has gaps, too few to spoil the model."""
TRAINING_SHARE = 0.7
PARTS = {"training": 2, "calibration": 1}
"""Files in each folder; a warehouse seldom delivers one."""


def raw_table() -> pd.DataFrame:
    """All samples in shuffled order: `sample`, `malignant` (0 or 1), measurements with gaps."""
    source = load_breast_cancer(as_frame=True)
    rng = np.random.default_rng(SEED)
    features = source.data.rename(columns=lambda name: name.replace(" ", "_"))
    features = features.mask(rng.random(features.shape) < MISSING_SHARE)
    features.insert(0, "sample", [f"s{number:03d}" for number in range(len(features))])
    # The source counts benign as 1; the demo predicts what has to be found.
    features.insert(1, "malignant", 1 - source.target)
    return features.iloc[rng.permutation(len(features))]


def write_parts(table: pd.DataFrame, folder: Path, parts: int) -> None:
    """Write `table` as `part-0.csv`, `part-1.csv`, … into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, rows in enumerate(np.array_split(np.arange(len(table)), parts)):
        table.iloc[rows].to_csv(folder / f"part-{number}.csv", index=False)
    print(f"{folder.name}: {len(table)} rows in {parts} file(s)")


def make_data(target: Path) -> None:
    """Write both folders below `target`."""
    table = raw_table()
    cut = int(len(table) * TRAINING_SHARE)
    write_parts(table.iloc[:cut], target / "training", PARTS["training"])
    write_parts(table.iloc[cut:], target / "calibration", PARTS["calibration"])


if __name__ == "__main__":
    make_data(Path(__file__).resolve().parent / "data")
