"""What all tests of runners start from.

A test that asks for a `stage` is about the contract, and runs over every runner that keeps it.
"""

from contextlib import ExitStack

import pytest
from tests.support.runners import CAPTURING
from tests.support.scripts import Stage

from runthrough.adapters.runners.registry import open_runner


@pytest.fixture(params=CAPTURING)
def runner_url(request):
    """The runner that a test is about; modules about others have their own."""
    return request.param


@pytest.fixture(scope="package")
def opened():
    """Open a runner once for all tests here, for each URL."""
    with ExitStack() as stack:
        runners = {}

        def by_url(url):
            if url not in runners:
                runners[url] = open_runner(url, 2)
                stack.callback(runners[url].close)
            return runners[url]

        yield by_url


@pytest.fixture
def stage(tmp_path, runner_url, opened):
    """Scripts and attempts in a fresh folder, over the runner of this test."""
    return Stage(tmp_path, opened(runner_url))
