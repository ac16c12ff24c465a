"""The runners that all keep the same contract, by their URLs."""

import os

import pytest

_THEIRS = os.environ.get("RUNTHROUGH_TEST_RUNNER")
"""Somebody else's runner, to be tried against the contract too."""
CAPTURING = (
    pytest.param("process:"),
    pytest.param("forkserver:"),
    pytest.param("dask-local:", marks=pytest.mark.slow),
    *([pytest.param(_THEIRS)] if _THEIRS else ()),
)
"""Runners that keep what scripts say and end them in time."""
LOCAL = CAPTURING[:2]
"""Those whose scripts get their environment from the tester, not from a worker."""
EVERY = (*CAPTURING, pytest.param("debug:"))
"""The debugger's runner also calls scripts as the others do."""
