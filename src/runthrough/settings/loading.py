"""Every setting's value: that of the nearest place which gives it one."""

import os
import pwd
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runthrough.adapters.user_folders import user_folder
from runthrough.core.names import nearest
from runthrough.core.values.metadata import ActorSource
from runthrough.errors import SettingError
from runthrough.settings.files import nearest_file
from runthrough.settings.written import (
    DEFAULT,
    FLAG,
    PREFIX,
    SQLITE_PLACE,
    WrittenSettings,
    validated,
)

SETTING_NAMES = tuple(WrittenSettings.model_fields)
"""Every setting there is, by the name that a file uses."""
OTHER_VARIABLES = frozenset({PREFIX + "DEBUG"})
"""Variables that are ours and no settings."""
TEST_PREFIX = PREFIX + "TEST_"
"""How those begin that only the project's own tests read."""
_SOURCES: dict[str, ActorSource] = {FLAG: "flag", DEFAULT: "system"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the program was told, every part with a value."""

    database_url: str
    actor: str
    actor_source: ActorSource
    session: str | None
    runner: str
    jobs: int
    keep_runs: int
    """Of so many runs of a session all attempt folders are kept."""
    workspaces: tuple[str, ...]
    """Absolute; the first is the root `workspace:`. Empty for the pipeline's own folder."""
    suffixes: tuple[str, ...] | None
    """Job types that node names end in; `None` for those of `SessionSettings`."""
    compounds: tuple[str, ...]
    """Words that stay whole in script names, beyond the known ones."""
    packages: tuple[str, ...]
    """Packages whose scripts are found after those of all workspaces."""
    preload: tuple[str, ...]
    """Modules that `forkserver:` imports once for all scripts."""
    registry: Mapping[str, str]
    """Node or canonical name → absolute path of its script."""
    log_level: str
    host: str | None
    """`None` where the id of this machine is to be used; see `host_id`."""
    data_folder: Path
    """What is kept for this user on this machine."""
    origins: Mapping[str, str]
    """Where each setting came from: `flag`, `RUNTHROUGH_JOBS`, the path of a file, `default`."""
    file: Path | None
    """The settings file that holds here."""
    said: Mapping[str, tuple[tuple[str, object], ...]]
    """Setting → each origin that says it, with what it says; the first one won."""
    unknown: Mapping[str, tuple[str, ...]]
    """Variables that begin like ours and set nothing → the nearest ones that do."""


def load_settings(
    cwd: str | os.PathLike[str],
    environ: Mapping[str, str],
    flags: Mapping[str, object] | None = None,
    *,
    data_folder: Path | None = None,
) -> Settings:
    """Read the settings that hold in a folder.

    Args:
        cwd: Where the search for a file begins, and where relative paths of flags and
            variables start; those of a file start at the file's folder.
        environ: Environment variables; an empty one counts as not set.
        flags: Settings by name; `None` counts as not given.
        data_folder: Where the default database lies; by default the user's data folder.

    Raises:
        SettingError: A file cannot be read, a key is unknown or a value is unusable.
    """
    here = Path(cwd).absolute()
    file, written = nearest_file(here)
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    _refuse_unknown(given, FLAG)
    _refuse_unknown(written, str(file))
    said = _said(given, environ, written, str(file))
    origins = {name: by[0][0] if by else DEFAULT for name, by in said.items()}
    told = validated({**written, **_told_by(environ), **given}, origins)
    folder = data_folder or user_folder("data")
    starts = {
        name: file.parent if file and origin == str(file) else here
        for name, origin in origins.items()
    }
    url = told.database_url or f"sqlite:///{folder / 'runthrough.db'}"
    return Settings(
        database_url=_absolute_url(url, starts["database_url"]),
        actor=told.actor or _system_actor(environ),
        actor_source=_SOURCES.get(origins["actor"], "setting"),
        session=told.session,
        runner=told.runner,
        jobs=told.jobs,
        keep_runs=told.keep_runs,
        workspaces=tuple(_absolute(path, starts["workspace"]) for path in told.workspace),
        suffixes=told.suffixes,
        compounds=told.compounds,
        packages=told.packages,
        preload=told.preload,
        registry={
            name: _absolute(path, starts["registry"]) for name, path in told.registry.items()
        },
        log_level=told.log_level,
        host=told.host,
        data_folder=folder,
        origins=origins,
        file=file,
        said=said,
        unknown=_unknown_variables(environ),
    )


def _told_by(environ: Mapping[str, str]) -> dict[str, str]:
    """What variables set, by the names of the settings; one without a value sets nothing."""
    return {
        name: environ[_variable(name)] for name in SETTING_NAMES if environ.get(_variable(name))
    }


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _said(
    given: Mapping[str, object],
    environ: Mapping[str, str],
    written: Mapping[str, object],
    file: str,
) -> dict[str, tuple[tuple[str, object], ...]]:
    variables = _told_by(environ)
    said: dict[str, tuple[tuple[str, object], ...]] = {}
    for name in SETTING_NAMES:
        places = ((FLAG, given), (_variable(name), variables), (file, written))
        said[name] = tuple((origin, of[name]) for origin, of in places if name in of)
    return said


def _unknown_variables(environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    known = {_variable(name) for name in SETTING_NAMES} | OTHER_VARIABLES
    return {
        name: nearest(name.removeprefix(PREFIX), (one.removeprefix(PREFIX) for one in known))
        for name in sorted(environ)
        if name.startswith(PREFIX) and name not in known and not name.startswith(TEST_PREFIX)
    }


def _refuse_unknown(names: Mapping[str, object], origin: str) -> None:
    for name in names:
        if name not in SETTING_NAMES:
            near = nearest(name, SETTING_NAMES)
            raise SettingError(
                f"Unknown setting {name!r} ({origin}).",
                fix=f"did you mean {' or '.join(repr(one) for one in near)}?"
                if near
                else f"the settings are {', '.join(SETTING_NAMES)}",
            )


def _absolute(path: str, start: Path) -> str:
    return os.path.normpath(start / path)


def _absolute_url(url: str, start: Path) -> str:
    """The URL with the path of a SQLite file made absolute."""
    parts = SQLITE_PLACE.fullmatch(url)
    if parts is None:
        return url
    return f"{parts[1]}{_absolute(parts[2], start)}{parts[3] or ''}"


def _system_actor(environ: Mapping[str, str]) -> str:
    """The user as the system knows them, at the host's name; never empty."""
    user = next((environ[name] for name in ("LOGNAME", "USER") if environ.get(name)), "")
    if not user.strip() or not user.isprintable():
        try:
            user = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:  # a container may run as a number without a name
            user = f"uid-{os.getuid()}"
    return f"{user.strip()}@{socket.gethostname() or 'localhost'}"
