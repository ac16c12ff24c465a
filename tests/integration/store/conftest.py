import pytest
from tests.support.stored import Writer, memory_stores, sql_stores

from runthrough.adapters.store.database import SqlDatabase


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "runthrough.db"


@pytest.fixture
def url(path):
    return f"sqlite:///{path}"


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
def writer(stores):
    return Writer(stores.events)
