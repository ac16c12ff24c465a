"""A database that is not there, empty, or another program's: who makes one, and who does not."""

import sqlite3
from contextlib import closing

import pytest
from tests.support.cli import begun, orders_shell

from runthrough import InteractiveRuntimeTestingFactory
from runthrough.errors import StoreUnavailableError, UnknownSessionError

pytestmark = pytest.mark.slow

LOOKING = (
    ("status",),
    ("requirements", "clean"),
    ("history",),
    ("logs", "clean"),
    ("sessions",),
    ("resume",),
    ("configure", "clean", "--env", "CURRENCY=EUR"),
    ("run",),
    ("audit", "verify"),
    ("audit", "checkpoint"),
    ("audit", "export"),
    ("db", "current"),
)
"""Every command that begins nothing."""


def everything(folder):
    """Every path below a folder, and the bytes of files."""
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_a_mistyped_path_is_an_error_and_makes_nothing(tmp_path, words):
    """Who only looks, or goes on, says that there is no database there, and what to type."""
    shell = begun(tmp_path)
    before = everything(tmp_path)
    flag = ("--database", f"sqlite:///{tmp_path}/lgo.db")
    error = shell.run(*words, *flag, code=4).err
    assert f"There is no database at {tmp_path}/lgo.db." in error
    assert "name the one you mean with --database; runthrough new PIPELINE" in error
    assert everything(tmp_path) == before


@pytest.mark.parametrize("words", [*LOOKING, ("new", "pipeline.yaml"), ("db", "upgrade")])
def test_a_file_of_another_program_is_refused(tmp_path, words):
    """Tables of another program and none of ours: nothing is made beside them."""
    shell = orders_shell(tmp_path)
    with closing(sqlite3.connect(shell.database)) as other:
        other.execute("CREATE TABLE users (id)")
    before = shell.database.read_bytes()
    assert "holds another program's tables (users)" in shell.run(*words, code=4).err
    assert shell.database.read_bytes() == before


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_an_empty_file_gets_no_tables_by_looking(tmp_path, words):
    """An empty file may have been a log: only who begins something makes it one."""
    shell = orders_shell(tmp_path)
    shell.database.touch()
    assert "is empty: it holds no log" in shell.run(*words, code=4).err
    assert shell.database.read_bytes() == b""


@pytest.mark.parametrize("words", [("new", "pipeline.yaml"), ("db", "upgrade")])
def test_who_begins_something_makes_the_database(tmp_path, words):
    """A database that is not there, or is empty, is made by `new` and by `db upgrade`."""
    for folder, there in (("missing", False), ("empty", True)):
        shell = orders_shell(tmp_path / folder)
        if there:
            shell.database.touch()
        shell.run(*words)
        shell.run("audit", "verify")


def test_the_default_database_before_the_first_session(tmp_path):
    """Where nothing was configured there is no session yet; it is told where was looked."""
    shell = orders_shell(tmp_path)
    default = {"RUNTHROUGH_DATABASE_URL": ""}
    place = f"{tmp_path}/home/runthrough/runthrough.db"
    listed = shell.run("sessions", **default)
    assert f"There is no session yet in {place}" in " ".join(listed.out.split())
    assert shell.run("sessions", "--json", **default).json == []
    for words in LOOKING[:4]:
        done = shell.run(*words, code=2, **default)
        assert "There is no session." in done.err
        assert f"{place}, which is not there yet." in done.err
    for words in (("audit", "verify"), ("db", "current")):
        assert f"no database at {place}" in shell.run(*words, code=4, **default).err
    assert not list(tmp_path.rglob("*.db"))
    shell.run("new", "pipeline.yaml", "--name", "first", **default)
    assert "first" in shell.run("sessions", **default).out


def test_no_session_names_the_database(tmp_path):
    """Who has no session yet, or mistypes its name, is told in which database."""
    shell = begun(tmp_path)
    for words in (
        ("status", "--session", "other"),
        ("status", "--as", "bob", "--session", "@last"),
    ):
        error = shell.run(*words, "--json", code=2).json["error"]
        assert error["message"].endswith(f" Looked in {shell.database}.")


def test_python_looks_without_making_a_database(tmp_path, monkeypatch):
    """`open` and `resume` need what is there; the factory itself begins a session anywhere."""
    url = f"sqlite:///{tmp_path}/lgo.db"
    for look in (
        InteractiveRuntimeTestingFactory.open,
        InteractiveRuntimeTestingFactory.resume,
    ):
        with pytest.raises(StoreUnavailableError, match="There is no database at"):
            look("demo", database_url=url)
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
        with pytest.raises(UnknownSessionError):
            look("demo")
    assert not list(tmp_path.rglob("*.db"))
