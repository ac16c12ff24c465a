"""How much random or repeated testing is done: little by default, more where it is asked for."""

import os

SCALE = float(os.environ.get("RUNTHROUGH_TEST_SCALE", "1"))
"""`RUNTHROUGH_TEST_SCALE`: 1 by default; from 20 on everything runs at its full size."""


def scaled(usual: int, full: int) -> int:
    """How often something is done: `usual` times at scale 1, and never more than `full` times."""
    return min(full, round(usual * SCALE))
