"""What all tests of the flow start from: every store that there is."""

import pytest
from tests.support.pipelines import Place
from tests.support.stored import memory_stores, sql_stores
from tests.support.testers import Studio

from runthrough.adapters.store.database import SqlDatabase


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/log.db"


@pytest.fixture
def database(url):
    with SqlDatabase.open(url) as opened:
        yield opened


@pytest.fixture(params=["memory", "sqlite"])
def stores(request):
    if request.param == "memory":
        return memory_stores()
    return sql_stores(request.getfixturevalue("database"))


@pytest.fixture
def studio(tmp_path, stores):
    """A folder and a store for testers to meet."""
    return Studio(Place(tmp_path), stores)
