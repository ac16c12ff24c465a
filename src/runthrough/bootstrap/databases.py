"""A database as a whole: brought up to date, named for people, examined."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runthrough import __version__
from runthrough.adapters.store import schema
from runthrough.adapters.store.faults import shown_url
from runthrough.adapters.store.opening import open_database, parsed_url
from runthrough.adapters.store.upgrading import Upgrade, upgrade
from runthrough.bootstrap import clock
from runthrough.errors import SchemaNewerError, SchemaOutdatedError, SettingError
from runthrough.settings import Settings, known_host, load_settings

if TYPE_CHECKING:
    from runthrough.core.values.health import DatabaseFacts, DiskUse, Health


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
) -> "Health":
    """Look at versions, settings and database; nothing is made, and nothing stops it."""
    from runthrough.adapters.store.health import look_at_database  # noqa: PLC0415 - only `doctor`
    from runthrough.adapters.versions import installed_versions  # noqa: PLC0415 - only `doctor`
    from runthrough.core.values.health import Fault, Health  # noqa: PLC0415 - only `doctor`

    versions = installed_versions(__version__)
    try:
        settings = load_settings(Path(cwd), environ, flags)
    except SettingError as error:
        return Health(clock.now(), versions, settings_fault=Fault(error.message, error.fix))
    database = look_at_database(
        settings.database_url, origin=settings.origins["database_url"], now=clock.now
    )
    if database.postgres is not None:
        versions = replace(versions, postgresql=database.postgres.release)
    return Health(clock.now(), versions, database=database, disk=_disk_use(settings, database))


def _disk_use(settings: Settings, database: "DatabaseFacts") -> "DiskUse | None":
    """What the sessions of a database keep on this machine; it may not have a name yet."""
    from runthrough.adapters.disk_use import disk_use  # noqa: PLC0415 - only `doctor`

    host = known_host(settings)
    if host is None or database.log is None:
        return None
    return disk_use(path for of, path in database.log.session_folders if of == host)
