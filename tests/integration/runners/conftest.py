"""What all tests of runners start from."""

import pytest
from tests.support.scripts import Stage

from runthrough.adapters.runners.process import ProcessRunner


@pytest.fixture
def stage(tmp_path):
    with ProcessRunner(jobs=2) as runner:
        yield Stage(tmp_path, runner)
