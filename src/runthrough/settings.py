"""Settings: flag, else environment variable, else settings file, else default.

The sources are laid over each other with a `ChainMap` and checked by one pydantic model:
`pydantic-settings` would do the same for 0.1 s more at every command (ADR 0014).
"""

import getpass
import os
import platform
import tomllib
from collections import ChainMap
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args
from uuid import UUID

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from uuid_utils import uuid7

from runthrough.core.names import nearest
from runthrough.core.values.metadata import ActorSource
from runthrough.errors import SettingError

PREFIX = "RUNTHROUGH_"
"""Of the environment variables: `RUNTHROUGH_DATABASE_URL` sets `database_url`."""
FILE = "runthrough.toml"
LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(BaseModel):
    """All settings, each with its value; where the actor came from is recorded with events."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str
    """Where the log is; default: a SQLite file in the user's data folder."""
    actor: str = Field(min_length=1)
    """Who acts; default: user@host."""
    actor_source: ActorSource
    """Which kind of source named the actor."""
    session: str | None = None
    """Id, name or `@last`; default: found by the current folder."""
    runner: str = "process:"
    """URL of the engine that runs scripts."""
    jobs: int = Field(default=1, ge=1)
    """Scripts at a time."""
    workspace: str | None = None
    """Folder where a new session writes; default: the pipeline file's folder."""
    log_level: LogLevel = "warning"
    """From which level log lines are written to standard error."""
    host: str = Field(min_length=1)
    """Id of this host; default: made once in the user's data folder."""


NAMES = tuple(name for name in Settings.model_fields if name != "actor_source")
"""What a flag, a variable or a settings file may set."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where values come from, for errors."""

    told: str
    values: Mapping[str, JsonValue]


def load_settings(
    cwd: str, environ: Mapping[str, str], flags: Mapping[str, str | int | None]
) -> Settings:
    """The settings for a process in the folder `cwd`.

    Flags that are `None` and variables that are empty say nothing. The settings file is the
    nearest `runthrough.toml`, or `pyproject.toml` with a table `[tool.runthrough]`, in `cwd` or
    above it.

    Raises:
        SettingError: A value cannot be used, or a settings file names what is no setting.
    """
    sources = (
        _Source("flag --{flag}", {n: v for n, v in flags.items() if v is not None}),
        _Source(
            f"environment variable {PREFIX}{{variable}}",
            {
                name: value
                for name in NAMES
                if (value := environ.get(f"{PREFIX}{name.upper()}", "").strip())
            },
        ),
        _from_file(Path(cwd)),
    )
    given = ChainMap(*(dict(source.values) for source in sources))
    values: dict[str, JsonValue] = {**given, "actor_source": _actor_source(sources)}
    values.setdefault("database_url", default_database_url())
    values.setdefault("actor", _user_at_host())
    if "host" not in values:
        values["host"] = _host_id()
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise _unusable(str(first["loc"][0]), first["input"], first["msg"], sources) from error


def default_database_url() -> str:
    """A SQLite file in the user's data folder."""
    return f"sqlite:///{_data_folder() / 'runthrough.db'}"


def _data_folder() -> Path:
    return Path(platformdirs.user_data_dir("runthrough"))


def _actor_source(sources: tuple[_Source, ...]) -> ActorSource:
    flags, *settings = sources
    if "actor" in flags.values:
        return "flag"
    return "setting" if any("actor" in source.values for source in settings) else "system"


def _user_at_host() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no such user in the password file, as in bare containers
        user = f"uid{os.getuid()}"
    return f"{user}@{platform.node() or 'localhost'}"


def _from_file(cwd: Path) -> _Source:
    for folder in (cwd, *cwd.parents):
        own = folder / FILE
        if own.is_file():
            return _checked(own, _read(own))
        project = folder / "pyproject.toml"
        if project.is_file():
            tool = _read(project).get("tool")
            table = tool.get("runthrough") if isinstance(tool, dict) else None
            if isinstance(table, dict):
                return _checked(project, table)
    return _Source("default of {name}", {})


def _read(file: Path) -> dict[str, JsonValue]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError(f"{file}: cannot be read: {error}", fix=f"mend {file}") from error


def _checked(file: Path, table: Mapping[str, JsonValue]) -> _Source:
    unknown = [name for name in table if name not in NAMES]
    if unknown:
        near = nearest(unknown[0], NAMES)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise SettingError(
            f"{file}: {unknown[0]!r} is no setting.{hint}", fix=f"settings: {', '.join(NAMES)}"
        )
    values = dict(table)
    for name, absolute in (("database_url", _absolute_url), ("workspace", _absolute_path)):
        value = values.get(name)
        if isinstance(value, str):
            values[name] = absolute(value, file.parent)
    return _Source(f"{{name}} in {file}", values)


def _absolute_url(url: str, folder: Path) -> str:
    """A relative path in a SQLite URL is taken from the settings file's folder."""
    scheme, slashes, path = url.partition(":///")
    if scheme.startswith("sqlite") and slashes and path and not path.startswith("/"):
        return f"{scheme}:///{folder / path}"
    return url


def _absolute_path(path: str, folder: Path) -> str:
    return str(folder / path)


def _host_id() -> str:
    """This host's id, made once; whoever comes second takes what the first made."""
    file = _data_folder() / "host-id"
    try:
        if file.exists():
            return str(UUID(file.read_text(encoding="ascii").strip()))
        file.parent.mkdir(parents=True, exist_ok=True)
        made = file.with_name(f"host-id.{uuid7()}")
        made.write_text(str(uuid7()), encoding="ascii")
        try:
            # A link is made whole or not at all, and never over another: where somebody was
            # first, theirs holds.
            with suppress(FileExistsError):
                file.hardlink_to(made)
        finally:
            made.unlink()
        return str(UUID(file.read_text(encoding="ascii").strip()))
    except (OSError, ValueError) as error:
        raise SettingError(
            f"The id of this host cannot be kept in {file}: {error}",
            fix=f"set {PREFIX}HOST to a name of its own for this machine",
        ) from error


def _unusable(name: str, value: object, reason: str, sources: tuple[_Source, ...]) -> SettingError:
    told = next((s.told for s in sources if name in s.values), "default of {name}")
    where = told.format(flag=name.replace("_", "-"), name=name, variable=name.upper())
    if name == "log_level":
        reason = f"it is one of {', '.join(get_args(LogLevel))}"
    return SettingError(f"{where}: {value!r} cannot be used: {reason}.")
