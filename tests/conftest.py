"""How hard property tests try, whose lines are counted, and the PostgreSQL server of a run."""

import os

import pytest
from hypothesis import settings
from tests.support import servers

_MEASURING = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")
"""What tells a child that its lines are to be counted."""
_LEFT_TO_TEST_ALL = ("slow", "browser", "demo")
settings.register_profile("here", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_modifyitems(items):
    """Count lines in what `make test` runs alone: it holds the figure, and counting is slow."""
    for item in items:
        if any(item.get_closest_marker(name) for name in _LEFT_TO_TEST_ALL):
            item.add_marker("no_cover")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Count lines in children of the counted tests of the command line and the service alone.

    It doubles what a child takes, and the other tests' children run what is counted already.
    """
    counted = "e2e" in item.path.parts and item.get_closest_marker("no_cover") is None
    kept = {} if counted else {n: os.environ.pop(n) for n in _MEASURING if n in os.environ}
    try:
        return (yield)
    finally:
        os.environ.update(kept)


@pytest.fixture(scope="session")
def postgres(request):
    """A PostgreSQL server: one that is named, one from a wheel, or a skip that says why."""
    missing = None if os.environ.get(servers.NAMED) else servers.why_missing()
    if missing and os.environ.get(servers.REQUIRED):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    with servers.shared_server(
        os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12]
    ) as server:
        yield server


@pytest.fixture
def postgres_url(postgres):
    """A database of its own, with today's tables."""
    url = postgres.migrated()
    yield url
    postgres.drop(url)


@pytest.fixture
def empty_postgres_url(postgres):
    """A database of its own, without any table."""
    url = postgres.new_database()
    yield url
    postgres.drop(url)
