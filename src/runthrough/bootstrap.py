"""The composition root: settings in, a wired application out; it alone knows adapters.

An adapter that few commands need is imported by the function that makes it.
"""

import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import platformdirs
from uuid_utils import uuid7

from runthrough import __version__
from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.discovery.reading_cache import ReadingCache
from runthrough.adapters.hosts import LocalHosts
from runthrough.adapters.inspection import LocalInspector
from runthrough.adapters.runners.interpreters import python_version
from runthrough.adapters.runners.registry import check_runner, open_runner, shown_runner
from runthrough.adapters.secrets import LocalSecrets
from runthrough.adapters.session_files import LocalSessionFiles
from runthrough.adapters.store import schema
from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.faults import shown_url
from runthrough.adapters.store.opening import is_missing, open_database, parsed_url, sqlite_path
from runthrough.adapters.store.stores import stores_of
from runthrough.adapters.store.upgrading import Upgrade, upgrade
from runthrough.application.auditing import Auditing
from runthrough.application.caller import Caller
from runthrough.application.importing import Importing
from runthrough.application.ports import Log, Ports
from runthrough.application.sessions import Naming, Sessions
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.values.health import DatabaseFacts, DiskUse, Fault, Health
from runthrough.core.values.ids import RecordedPath, SessionId
from runthrough.core.values.metadata import Door
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.secrets import masked_text
from runthrough.core.values.store import Checkpoint, EventFilter, StoredEvent
from runthrough.errors import (
    SchemaNewerError,
    SchemaOutdatedError,
    SettingError,
)
from runthrough.settings import DEFAULT, Settings, host_id, known_host, load_settings

if TYPE_CHECKING:
    from runthrough.adapters.drafting import Draft
    from runthrough.adapters.exports.files import ExportFile
    from runthrough.adapters.pipeline_files.writing import WrittenPipeline

__all__ = [
    "Application",
    "StepCatalog",
    "current_schema",
    "examine",
    "export_lines",
    "is_signed_by",
    "load_pipeline",
    "now",
    "open_export",
    "read_note",
    "shown_database",
    "signed",
    "table_lines",
    "upgrade_database",
    "wire",
    "write_export",
    "write_note",
    "write_pipeline",
    "write_session",
]


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
    host = host_id(settings, new_id=_new_id)
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
        clock=_now,
        new_id=_new_id,
        log=log,
    )
    caller = Caller(
        actor=masked_text(settings.actor),
        actor_source=settings.actor_source,
        door=door,
        host=host,
        host_name=host_name,
        app_version=__version__,
        clock=_now,
        new_id=_new_id,
    )
    naming = Naming(
        suffixes=settings.suffixes,
        compounds=settings.compounds,
        packages=settings.packages,
        registry=settings.registry,
    )
    sessions = Sessions(ports, caller, cwd=cwd, naming=naming)
    auditing = Auditing(ports.audit, clock=_now, app_version=__version__)
    importing = Importing(ports, caller)
    return Application(settings, sessions, auditing, importing, database, inspector, catalog)


def _log_file(url: str) -> Path | None:
    """The file of the database; `None` where a server keeps it."""
    parsed = parsed_url(url)
    return sqlite_path(parsed) if parsed.get_backend_name() == "sqlite" else None


def _database(settings: Settings, absent: Absent) -> SqlDatabase | None:
    by_default = settings.origins["database_url"] == DEFAULT
    if absent == "empty" and by_default and is_missing(settings.database_url):
        return None
    return open_database(settings.database_url, make=absent == "make")


def load_pipeline(path: str | os.PathLike[str]) -> PipelineDefinition:
    """Read a pipeline file, YAML or JSON; its folder becomes the root `pipeline:`.

    Raises:
        PipelineFileError: The file cannot be read, or is not a pipeline; all mistakes of its
            shape are told at once.
        PipelineCycleError: Its edges and connections form a cycle.
    """
    from runthrough.adapters import pipeline_files  # noqa: PLC0415 - only `new` reads YAML

    return pipeline_files.load_pipeline(path)


def load_either(path: str | os.PathLike[str], *, scripts: Sequence[str]) -> PipelineDefinition:
    """Read a pipeline file or a SageMaker definition, whichever it is.

    Raises:
        PipelineFileError, PipelineCycleError: As for `load_pipeline`.
    """
    from runthrough.adapters import pipeline_files  # noqa: PLC0415 - only `new` reads YAML

    return pipeline_files.load_either(path, scripts=scripts)


def draft_pipeline(folder: str, file: str) -> "Draft":
    """Write a new pipeline file for a folder of scripts.

    Raises:
        PipelineError: The folder is none, or no script in it has a `main`.
        PipelineFileError: The file is there already, or cannot be written.
    """
    from runthrough.adapters import drafting  # noqa: PLC0415 - only `new --from-folder`

    return drafting.draft_pipeline(folder, file)


def write_pipeline(
    file: str | os.PathLike[str],
    declared: PipelineDeclaration,
    *,
    locate: Callable[[RecordedPath], str],
    force: bool = False,
) -> "WrittenPipeline":
    """Write a session as a pipeline file; `locate` says where its recorded paths lie.

    Raises:
        PipelineFileError: The file is there already, or cannot be written.
        SessionError: Where a path lies is not known on this host.
    """
    from runthrough.adapters.pipeline_files import writing  # noqa: PLC0415 - only `export`

    return writing.write_pipeline(file, declared, locate=locate, force=force)


def upgrade_database(url: str) -> Upgrade:
    """Bring a database up to this version of runthrough; what was done.

    Raises:
        StoreError: The database cannot be reached or migrated, or a newer runthrough wrote it.
    """
    return upgrade(url)


def current_schema(url: str) -> tuple[str | None, str]:
    """The schema of a database, `None` where it has none, and the one this version needs.

    Raises:
        StoreUnavailableError: The database cannot be reached, or is none.
    """
    try:
        open_database(url, migrate=False, make=False).close()
    except (SchemaOutdatedError, SchemaNewerError) as differs:
        return differs.found, schema.HEAD
    return schema.HEAD, schema.HEAD


def shown_database(url: str) -> str:
    """A database's URL for people, without any password.

    Raises:
        StoreUnavailableError: It is none, or of a back end that is not there.
    """
    return shown_url(parsed_url(url))


def examine(
    *, cwd: str, environ: Mapping[str, str], flags: Mapping[str, object] | None = None
) -> Health:
    """Look at versions, settings and database; nothing is made, and nothing stops it."""
    from runthrough.adapters.store.health import look_at_database  # noqa: PLC0415 - only `doctor`
    from runthrough.adapters.versions import installed_versions  # noqa: PLC0415 - only `doctor`

    versions = installed_versions(__version__)
    try:
        settings = load_settings(Path(cwd), environ, flags)
    except SettingError as error:
        return Health(_now(), versions, settings_fault=Fault(error.message, error.fix))
    database = look_at_database(
        settings.database_url, origin=settings.origins["database_url"], now=_now
    )
    if database.postgres is not None:
        versions = replace(versions, postgresql=database.postgres.release)
    return Health(_now(), versions, database=database, disk=_disk_use(settings, database))


def _disk_use(settings: Settings, database: DatabaseFacts) -> DiskUse | None:
    """What the sessions of a database keep on this machine; it may not have a name yet."""
    from runthrough.adapters.disk_use import disk_use  # noqa: PLC0415 - only `doctor`

    host = known_host(settings)
    if host is None or database.log is None:
        return None
    return disk_use(path for of, path in database.log.session_folders if of == host)


def read_note(path: str | os.PathLike[str]) -> Checkpoint:
    """The checkpoint that a note tells of.

    Raises:
        AuditFileError: The file cannot be read, or is no note.
    """
    from runthrough.adapters.exports import notes  # noqa: PLC0415 - only `audit` reads notes

    return notes.read_note(Path(path))


def write_note(path: str | os.PathLike[str] | None, checkpoint: Checkpoint) -> str:
    """Write the note of a checkpoint to a new file, or nowhere; its text.

    Raises:
        AuditFileError: The file is there already, or cannot be written.
    """
    from runthrough.adapters.exports import notes  # noqa: PLC0415 - only `audit` writes notes

    if path is not None:
        notes.write_note(Path(path), checkpoint)
    return notes.note_text(checkpoint)


def signed(checkpoint: Checkpoint, key: str | os.PathLike[str]) -> Checkpoint:
    """A checkpoint signed with the private key in a PEM file.

    Raises:
        AuditFileError: The key cannot be used, or the extra `signing` is not installed.
    """
    from runthrough.adapters.exports import signing  # noqa: PLC0415 - an extra

    return signing.signed(checkpoint, Path(key))


def is_signed_by(checkpoint: Checkpoint, key: str | os.PathLike[str]) -> bool:
    """Whether the public key in a PEM file vouches for a checkpoint.

    Raises:
        AuditFileError: The key cannot be used, or the extra `signing` is not installed.
    """
    from runthrough.adapters.exports import signing  # noqa: PLC0415 - an extra

    return signing.is_signed_by(checkpoint, Path(key))


def export_lines(
    rows: Iterable[StoredEvent], *, session_id: str | None, wanted: EventFilter
) -> Iterator[str]:
    """The lines of an export of the whole log, of a session or of what passes a filter.

    See docs/reference/export.md.
    """
    from runthrough.adapters.exports import jsonl  # noqa: PLC0415 - only `audit export`

    return jsonl.export_lines(
        rows, session_id=session_id, at=_now(), app_version=__version__, wanted=wanted
    )


def table_lines(
    rows: Iterable[StoredEvent], *, session_id: str | None, wanted: EventFilter
) -> Iterator[str]:
    """The same as comma-separated values, with the names of the columns in the first line."""
    from runthrough.adapters.exports import tables  # noqa: PLC0415 - only `audit export`

    return tables.table_lines(rows, session_id=session_id, wanted=wanted)


def write_export(path: str | os.PathLike[str], lines: Iterable[str]) -> int:
    """Write an export to a new file, whole or not at all; the lines written.

    Raises:
        AuditFileError: The file is there already, or cannot be written.
    """
    from runthrough.adapters.exports import files  # noqa: PLC0415 - only `audit export`

    return files.write_export(Path(path), lines)


def write_session(
    application: Application, session_id: SessionId, path: str | os.PathLike[str]
) -> int:
    """Export one session whole to a new file, as `audit export` does; the events written.

    Raises:
        AuditFileError: The file is there already, or cannot be written.
    """
    count = 0

    def counted() -> Iterator[StoredEvent]:
        nonlocal count
        for row in application.auditing.stored(session_id):
            count += 1
            yield row

    write_export(path, export_lines(counted(), session_id=session_id, wanted=EventFilter()))
    return count


def open_export(path: str | os.PathLike[str]) -> "ExportFile":
    """An export, to be verified with nothing but the file, or imported.

    Raises:
        AuditFileError: The file cannot be read, or is no export that could be verified.
    """
    from runthrough.adapters.exports import files  # noqa: PLC0415 - only `audit` reads exports

    return files.ExportFile(Path(path))


def now() -> datetime:
    """The time by the clock that is wired, for doors that say how long ago something was."""
    return _now()


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid7())


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
