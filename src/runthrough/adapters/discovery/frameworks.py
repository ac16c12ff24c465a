"""Which machine-learning framework a script stands on, told from what it imports."""

from collections.abc import Collection

_BY_MODULE = {
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "torch": "pytorch",
    "pytorch_lightning": "pytorch",
    "lightning": "pytorch",
    "tensorflow": "tensorflow",
    "keras": "tensorflow",
    "transformers": "transformers",
    "pyspark": "pyspark",
    "statsmodels": "statsmodels",
    "sklearn": "sklearn",
}
"""The most telling first: scikit-learn's metrics are imported next to every other framework."""


def framework_of(imports: Collection[str]) -> str | None:
    """The framework that the imported top-level names tell; `None` when they tell none."""
    return next((name for module, name in _BY_MODULE.items() if module in imports), None)
