import pytest
from tests.support.databases import lay
from tests.support.stored import Writer, memory_stores, sql_stores

from runthrough.adapters.store.opening import open_database


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "runthrough.db"


@pytest.fixture
def url(path):
    return f"sqlite:///{path}"


@pytest.fixture
def database(url, path):
    lay(path)
    with open_database(url) as opened:
        yield opened


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def stores(request):
    if request.param == "memory":
        yield memory_stores()
    elif request.param == "sqlite":
        yield sql_stores(request.getfixturevalue("database"))
    else:
        with open_database(request.getfixturevalue("postgres_url")) as opened:
            yield sql_stores(opened)


@pytest.fixture
def writer(stores):
    return Writer(stores.events)
