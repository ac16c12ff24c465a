"""Settings in, a wired application out."""

import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from runthrough import __version__
from runthrough.adapters.confinement import FolderConfinement
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
from runthrough.adapters.user_folders import user_folder
from runthrough.application.auditing import Auditing
from runthrough.application.background import BackgroundRuns
from runthrough.application.broadcasting import Broadcast
from runthrough.application.caller import Caller
from runthrough.application.importing import Importing
from runthrough.application.pooling import LoadedPool
from runthrough.application.ports import UNCONFINED, Confinement, Log, Ports
from runthrough.application.sessions import Naming, Sessions
from runthrough.application.tokens import Tokens
from runthrough.bootstrap import clock
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
    tokens: Tokens
    importing: Importing
    database: SqlDatabase | None
    """`None` where there is none yet, and nothing is to be made."""
    inspector: LocalInspector
    catalog: StepCatalog
    caller: Caller
    """Who `sessions` belong to."""
    sessions_for: Callable[[Caller], Sessions]
    """The sessions as another caller sees them, who keeps what is folded for the next one."""
    background: BackgroundRuns
    """Runs that go on in this process; no thread until one is begun."""
    broadcast: Broadcast
    """What happens in all sessions, as it happens; no thread until somebody listens."""
    log: Log
    """Where it is told how the program fares."""
    pipeline_files: Callable[[], tuple[str, ...]]
    """What looks like a pipeline file where callers may look, the nearest first."""

    @property
    def place(self) -> str:
        """How people know the database; no password in it."""
        if self.database is not None:
            return self.database.place
        path = sqlite_path(parsed_url(self.settings.database_url))
        return f"{path}, which is not there yet"

    def close(self) -> None:
        """End what runs in this process, and let go of the database and of the caches."""
        self.background.stop(0.0)
        self.broadcast.close()
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
    confined_to: Sequence[str] | None = None,
) -> Application:
    """Read the settings, open the database, and connect everything for the caller at `door`.

    `absent` says what becomes of a database that is not there: only who begins something makes
    one, so that a mistyped path is an error and no empty log. With `confined_to` nothing outside
    of these folders is touched, and relative paths of callers start at the first of them, those
    of answers at the workspace of their session.

    Raises:
        SettingError: A setting has an unusable value.
        StoreError: The database cannot be used.
        RunnerUnavailableError: The setting `runner` names none that can be used here.
    """
    confinement = UNCONFINED if confined_to is None else FolderConfinement(confined_to, cwd=cwd)
    settings = load_settings(Path(cwd), environ, flags)
    check_runner(settings.runner)
    database = _database(settings, absent)
    caller = _caller(settings, door)
    inspector, catalog = _readers(settings, confinement)
    log = _log(settings.log_level, door)
    ports = _ports(
        settings,
        database,
        catalog=catalog,
        inspector=inspector,
        secrets=LocalSecrets(environ, served_on=None if confined_to is None else caller.host_name),
        caller=caller,
        log=log,
        confinement=confinement,
    )
    places = confinement.places or (cwd,)
    sessions = partial(Sessions, ports, cwd=places[0], naming=_naming(settings))
    return Application(
        settings=settings,
        sessions=sessions(caller),
        auditing=Auditing(ports.audit, clock=clock.here, app_version=__version__),
        tokens=_tokens(ports),
        importing=Importing(ports, caller),
        database=database,
        inspector=inspector,
        catalog=catalog,
        caller=caller,
        sessions_for=partial(sessions, pool=LoadedPool(), in_workspace=confined_to is not None),
        background=BackgroundRuns(log=log),
        broadcast=Broadcast(ports.feed, head=lambda: ports.audit.head().position, log=log),
        log=log,
        pipeline_files=partial(_pipeline_files, places, confinement.holds),
    )


def _readers(settings: Settings, confinement: Confinement) -> tuple[LocalInspector, StepCatalog]:
    """What looks at the user's files, and at what is read from scripts; both keep caches."""
    holds = confinement.holds if confinement.places else None
    caches = user_folder("cache")
    inspector = LocalInspector(
        probe=python_version,
        cache=caches / "digests.db",
        log=_log_file(settings.database_url),
        holds=holds,
    )
    readings = ReadingCache(caches / "readings.db", version=__version__)
    return inspector, StepCatalog(cache=readings, holds=holds)


def _ports(
    settings: Settings,
    database: SqlDatabase | None,
    *,
    catalog: StepCatalog,
    inspector: LocalInspector,
    secrets: LocalSecrets,
    caller: Caller,
    log: Log,
    confinement: Confinement,
) -> Ports:
    """All that the application reaches the world by."""
    stores, told = stores_of(database), partial(_told, log, caller.door)
    return Ports(
        store=stores.events,
        directory=stores.directory,
        audit=stores.audit,
        leases=stores.leases,
        tokens=stores.tokens,
        feed=stores.feed,
        snapshots=stores.snapshots,
        imports=stores.imports,
        catalog=catalog,
        inspector=inspector,
        files=LocalSessionFiles(),
        secrets=secrets,
        hosts=LocalHosts(caller.host, caller.host_name),
        runner=partial(open_runner, settings.runner, preload=settings.preload, told=told),
        runner_name=shown_runner(settings.runner),
        keep_runs=settings.keep_runs,
        clock=clock.here,
        new_id=clock.new_id,
        log=log,
        confinement=confinement,
    )


def _tokens(ports: Ports) -> Tokens:
    """Who is let in at a service."""
    return Tokens(
        ports.tokens,
        clock=clock.here,
        new_id=clock.new_token_id,
        new_secret=clock.new_secret,
    )


def _pipeline_files(folders: Sequence[str], allowed: Callable[[str], bool]) -> tuple[str, ...]:
    from runthrough.adapters.pipeline_files import finding  # noqa: PLC0415 - only the page asks

    return finding.pipelines_below(folders, allowed)


def _caller(settings: Settings, door: Door) -> Caller:
    """Who types, as every event will name them."""
    return Caller(
        actor=masked_text(settings.actor),
        actor_source=settings.actor_source,
        door=door,
        host=host_id(settings, new_id=clock.new_id),
        host_name=platform.node() or "this host",
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


def _log(level: str, door: Door) -> Log:
    """Where log lines go: nowhere where none would be told, so that structlog costs nothing then.

    At `warning`, which is the default, a service tells those of failures, and at `error` those of
    faults, as nobody stands beside it who would see them; a command tells its failures by itself.
    """
    all_told = level in {"debug", "info"}
    if not (all_told or (level in {"warning", "error"} and door == "http")):
        return _silent
    import structlog  # noqa: PLC0415 - imported only when somebody listens

    logger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False)
            if sys.stderr.isatty()
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info" if all_told else level),
    )
    return partial(_line, logger)


def _told(log: Log, door: Door, text: str) -> None:
    """What a runner did otherwise than it was asked to, such as start what it could not fork."""
    log("runner", told=text)
    if door == "cli":
        sys.stderr.write(f"! {text}\n")


def _line(logger: Any, event: str, /, **values: str | float | None) -> None:
    """A line: at `error` with a `fault`, which is one of ours, at `warning` with what `failed`."""
    told = {name for name, value in values.items() if value is not None}
    tell = logger.warning if "failed" in told else logger.info
    if "fault" in told:
        tell = logger.error
    tell(event, **{name: value for name, value in values.items() if value is not None})
