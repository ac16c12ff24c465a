"""How hard property tests try, and the PostgreSQL server of a test run."""

import os

import pytest
from hypothesis import settings
from tests.support import servers

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


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
