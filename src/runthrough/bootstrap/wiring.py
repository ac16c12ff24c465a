"""Settings in, a wired application out."""

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import platformdirs

from runthrough import __version__
from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.discovery.reading_cache import ReadingCache
from runthrough.adapters.hosts import LocalHosts
from runthrough.adapters.inspection import LocalInspector
from runthrough.adapters.runners.interpreters import python_version
from runthrough.adapters.runners.registry import check_runner, open_runner, shown_runner
from runthrough.adapters.secrets import LocalSecrets
from runthrough.adapters.session_files import LocalSessionFiles
from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.opening import is_missing, open_database, parsed_url, sqlite_path
from runthrough.adapters.store.stores import stores_of
from runthrough.application.auditing import Auditing
from runthrough.application.caller import Caller
from runthrough.application.importing import Importing
from runthrough.application.ports import Log, Ports
from runthrough.application.sessions import Naming, Sessions
from runthrough.bootstrap import clock
from runthrough.core.values.ids import HostId
from runthrough.core.values.metadata import Door
from runthrough.core.values.secrets import masked_text
from runthrough.settings import DEFAULT, Settings, host_id, load_settings

Absent = Literal["make", "empty", "refuse"]
"""What a SQLite file that is not there is taken for: it is made; it is refused, but the default
one counts as a log without a session; it is refused whichever it is."""


@dataclass(slots=True)
class Application:
    """Everything a door needs, for one caller; to be closed."""

    settings: Settings
    sessions: Sessions
    auditing: Auditing
    importing: Importing
    database: SqlDatabase | None
    """`None` where there is none yet, and nothing is to be made."""
    inspector: LocalInspector
    catalog: StepCatalog

    @property
    def place(self) -> str:
        """How people know the database; no password in it."""
        if self.database is not None:
            return self.database.place
        path = sqlite_path(parsed_url(self.settings.database_url))
        return f"{path}, which is not there yet"

    def close(self) -> None:
        """Let go of the database and of the caches."""
        self.inspector.close()
        self.catalog.close()
        if self.database is not None:
            self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def wire(
    door: Door,
    *,
    cwd: str,
    environ: Mapping[str, str],
    flags: Mapping[str, object] | None = None,
    absent: Absent = "make",
) -> Application:
    """Read the settings, open the database, and connect everything for the caller at `door`.

    `absent` says what becomes of a database that is not there: only who begins something makes
    one, so that a mistyped path is an error and no empty log.

    Raises:
        SettingError: A setting has an unusable value.
        StoreError: The database cannot be used.
        RunnerUnavailableError: The setting `runner` names none that can be used here.
    """
    settings = load_settings(Path(cwd), environ, flags)
    check_runner(settings.runner)
    database = _database(settings, absent)
    host_name = platform.node() or "this host"
    host = host_id(settings, new_id=clock.new_id)
    caches = Path(platformdirs.user_cache_dir("runthrough"))
    inspector = LocalInspector(
        probe=python_version, cache=caches / "digests.db", log=_log_file(settings.database_url)
    )
    catalog = StepCatalog(cache=ReadingCache(caches / "readings.db", version=__version__))
    stores = stores_of(database)
    log = _log(settings.log_level)
    ports = Ports(
        store=stores.events,
        directory=stores.directory,
        audit=stores.audit,
        leases=stores.leases,
        feed=stores.feed,
        snapshots=stores.snapshots,
        imports=stores.imports,
        catalog=catalog,
        inspector=inspector,
        files=LocalSessionFiles(),
        secrets=LocalSecrets(environ),
        hosts=LocalHosts(host, host_name),
        runner=partial(
            open_runner, settings.runner, preload=settings.preload, told=partial(_told, log, door)
        ),
        runner_name=shown_runner(settings.runner),
        keep_runs=settings.keep_runs,
        clock=clock.here,
        new_id=clock.new_id,
        log=log,
    )
    caller = _caller(settings, door, host=host, host_name=host_name)
    sessions = Sessions(ports, caller, cwd=cwd, naming=_naming(settings))
    auditing = Auditing(ports.audit, clock=clock.here, app_version=__version__)
    importing = Importing(ports, caller)
    return Application(settings, sessions, auditing, importing, database, inspector, catalog)


def _caller(settings: Settings, door: Door, *, host: HostId, host_name: str) -> Caller:
    """Who types, as every event will name them."""
    return Caller(
        actor=masked_text(settings.actor),
        actor_source=settings.actor_source,
        door=door,
        host=host,
        host_name=host_name,
        app_version=__version__,
        clock=clock.here,
        new_id=clock.new_id,
    )


def _naming(settings: Settings) -> Naming:
    """How this user's nodes and scripts are named."""
    return Naming(
        suffixes=settings.suffixes,
        compounds=settings.compounds,
        packages=settings.packages,
        registry=settings.registry,
    )


def _log_file(url: str) -> Path | None:
    """The file of the database; `None` where a server keeps it."""
    parsed = parsed_url(url)
    return sqlite_path(parsed) if parsed.get_backend_name() == "sqlite" else None


def _database(settings: Settings, absent: Absent) -> SqlDatabase | None:
    by_default = settings.origins["database_url"] == DEFAULT
    if absent == "empty" and by_default and is_missing(settings.database_url):
        return None
    return open_database(settings.database_url, make=absent == "make")


def _silent(event: str, /, **values: str | float | None) -> None:
    """Nobody listens."""


def _log(level: str) -> Log:
    """Where log lines go: nowhere below the level `info`, so that structlog costs nothing then."""
    if level not in {"debug", "info"}:
        return _silent
    import structlog  # noqa: PLC0415 - imported only when somebody listens

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False)
            if sys.stderr.isatty()
            else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    return partial(_line, structlog.get_logger())


def _told(log: Log, door: Door, text: str) -> None:
    """What a runner did otherwise than it was asked to, such as start what it could not fork."""
    log("runner", told=text)
    if door == "cli":
        sys.stderr.write(f"! {text}\n")


def _line(logger: Any, event: str, /, **values: str | float | None) -> None:
    logger.info(event, **{name: value for name, value in values.items() if value is not None})
