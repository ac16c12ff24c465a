"""What all tests of the flow start from: the databases that people use."""

import pytest
from tests.support.databases import lay
from tests.support.pipelines import Place
from tests.support.stored import sql_stores
from tests.support.testers import Studio

from runthrough.adapters.store.opening import open_database


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/log.db"


@pytest.fixture
def database(url, tmp_path):
    lay(tmp_path / "log.db")
    with open_database(url) as opened:
        yield opened


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def stores(request):
    if request.param == "sqlite":
        yield sql_stores(request.getfixturevalue("database"))
    else:
        with open_database(request.getfixturevalue("postgres_url")) as opened:
            yield sql_stores(opened)


@pytest.fixture
def studio(tmp_path, stores):
    """A folder and a store for testers to meet."""
    return Studio(Place(tmp_path), stores)
