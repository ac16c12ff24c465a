"""Settings: a flag wins over `RUNTHROUGH_*`, that over a file, that over the default.

The file is the nearest of the current folder and those above it: `runthrough.toml`, or
`pyproject.toml` where it has a table `tool.runthrough`.
"""

import os
import pwd
import re
import socket
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from runthrough.core.names import nearest
from runthrough.core.values.ids import HostId
from runthrough.core.values.metadata import ActorSource
from runthrough.core.values.secrets import looks_secret
from runthrough.errors import SettingError

PREFIX = "RUNTHROUGH_"
FILE = "runthrough.toml"
FLAG, DEFAULT = "flag", "default"

_HOST_FILE = "host-id"
_SOURCES: dict[str, ActorSource] = {FLAG: "flag", DEFAULT: "system"}
_FILE_OF_A_DATABASE = re.compile(r"[^\s:@?~]+\.(db|sqlite3?)")
_SQLITE_PLACE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:|file:)([^?]+)(\?.*)?")


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
    file, written = _nearest_file(here)
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    _refuse_unknown(given, FLAG)
    _refuse_unknown(written, str(file))
    origins = _origins(given, environ, written, str(file))
    told = _merged(given, environ, written, origins)
    folder = data_folder or platformdirs.user_data_path("runthrough")
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
    )


def host_id(settings: Settings, *, new_id: Callable[[], str]) -> HostId:
    """The id of this machine: the setting, else one that is made once for this user.

    Of several processes that make it at once, one wins and all use its id.

    Raises:
        SettingError: The id can be neither read nor kept.
    """
    if settings.host is not None:
        return HostId(settings.host)
    file = settings.data_folder / _HOST_FILE
    try:
        if not file.exists():
            _make_once(file, new_id())
        known = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            f"The id of this machine cannot be kept in {file}: {error}",
            fix=f"make that folder writable, or set {PREFIX}HOST",
        ) from error
    if not known or not known.isprintable():
        raise SettingError(
            f"{file} holds no id of this machine.", fix=f"delete it, or set {PREFIX}HOST"
        )
    return HostId(known)


def known_host(settings: Settings) -> HostId | None:
    """The id of this machine; `None` where it has none yet, and none is made.

    Raises:
        SettingError: The id cannot be read.
    """
    if settings.host is None and not (settings.data_folder / _HOST_FILE).exists():
        return None
    return host_id(settings, new_id=str)


def _make_once(file: Path, text: str) -> None:
    """Write a file whole, unless somebody else was faster."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8") as draft:
        draft.write(text + "\n")
        draft.flush()
        os.fsync(draft.fileno())
        try:
            Path(file).hardlink_to(draft.name)
        except FileExistsError:
            return


def _word(text: str) -> str:
    text = text.strip()
    if not text or not text.isprintable():
        raise ValueError("must not be empty or contain control characters")
    return text


def _host(text: str) -> str:
    if looks_secret(text):
        raise ValueError("looks as if it held a secret, and every event names the host")
    return _word(text)


def _url(text: str) -> str:
    if "://" not in text:
        # Any other text may hold a password, and is not repeated.
        path = text if _FILE_OF_A_DATABASE.fullmatch(text) else "runs.db"
        raise ValueError(f"must be a URL, such as sqlite:///{path} or postgresql://host/name")
    if _SQLITE_PLACE.fullmatch(text):
        _place(text.partition("///")[2])
    return _word(text)


def _place(text: str) -> str:
    if text == "~" or text.startswith("~/"):
        raise ValueError("`~` is not expanded here: write the whole path")
    return _word(text)


def _runner(text: str) -> str:
    if ":" not in text:
        raise ValueError("must be a URL, such as process:")
    return _word(text)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _count(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a whole number")  # noqa: TRY004 - pydantic collects this one
    return value


def _folders(value: object) -> object:
    """One folder, several in a list, or several as on PATH."""
    if isinstance(value, str):
        return tuple(part for part in value.split(os.pathsep) if part)
    return tuple(value) if isinstance(value, list) else value


def _listed(value: object) -> object:
    """Several words in a list, or with commas between them."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list) else value


def _mapped(value: object) -> object:
    """A table, or `NAME=PATH` with commas between them."""
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    if any(not equals for _, equals, _ in pairs):
        raise ValueError("must be written NAME=PATH, with commas between them")
    return {name.strip(): path.strip() for name, _, path in pairs}


Word = Annotated[str, AfterValidator(_word)]
Words = Annotated[tuple[Word, ...], NoDecode, BeforeValidator(_listed)]


class _Told(BaseSettings):
    """The settings as they may be written, with their defaults."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        defer_build=True,  # for ever: only the subclass that `_merged` makes reads anything
    )

    database_url: Annotated[str, AfterValidator(_url)] | None = None
    actor: Word | None = None
    session: Word | None = None
    runner: Annotated[str, AfterValidator(_runner)] = "process:"
    jobs: Annotated[int, BeforeValidator(_count)] = Field(default=1, ge=1)
    keep_runs: Annotated[int, BeforeValidator(_count)] = Field(default=5, ge=1)
    workspace: Annotated[
        tuple[Annotated[str, AfterValidator(_place)], ...], NoDecode, BeforeValidator(_folders)
    ] = ()
    suffixes: Words | None = None
    compounds: Words = ()
    packages: Words = ()
    preload: Words = ()
    registry: Annotated[
        dict[Word, Annotated[str, AfterValidator(_place)]], NoDecode, BeforeValidator(_mapped)
    ] = Field(default_factory=dict)
    log_level: Annotated[
        Literal["debug", "info", "warning", "error", "critical"], BeforeValidator(_lower)
    ] = "warning"
    host: Annotated[str, AfterValidator(_host)] | None = None


SETTING_NAMES = tuple(_Told.model_fields)
"""Every setting there is, by the name that a file uses."""


class _GivenEnvironment(EnvSettingsSource):
    """Reads the variables that are passed, not those of the process."""

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in _variables(self._environ).items()}


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that set something; one without a value sets nothing."""
    names = [PREFIX + name.upper() for name in SETTING_NAMES]
    return {name: environ[name] for name in names if environ.get(name)}


def _merged(
    given: Mapping[str, object],
    environ: Mapping[str, str],
    written: Mapping[str, object],
    origins: Mapping[str, str],
) -> _Told:
    class Layered(_Told):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - reads the process
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no such file here
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - nor these
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (
                init_settings,
                _GivenEnvironment(settings_cls, environ),
                InitSettingsSource(settings_cls, dict(written)),
            )

    try:
        return Layered.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_input=False)[0]
        name = str(details["loc"][0])
        reason = details.get("ctx", {}).get("error", details["msg"])
        raise SettingError(
            f"{name} ({origins[name]}): {reason}",
            fix=f"give {name} another value, or leave it out",
        ) from None  # pydantic's own text shows the value, which may hold a password


def _origins(
    given: Mapping[str, object],
    environ: Mapping[str, str],
    written: Mapping[str, object],
    file: str,
) -> dict[str, str]:
    origins = dict.fromkeys(SETTING_NAMES, DEFAULT)
    origins |= dict.fromkeys(written, file)
    origins |= {name[len(PREFIX) :].lower(): name for name in _variables(environ)}
    return origins | dict.fromkeys(given, FLAG)


def _nearest_file(cwd: Path) -> tuple[Path | None, Mapping[str, object]]:
    """The file that holds in a folder, and what it says."""
    for folder in (cwd, *cwd.parents):
        if (folder / FILE).is_file():
            return folder / FILE, _table(folder / FILE, ())
        project = folder / "pyproject.toml"
        # Others' project files are neither parsed nor judged.
        if project.is_file() and b"runthrough" in _content(project):
            table = _table(project, ("tool", "runthrough"))
            if table:
                return project, table
    return None, {}


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingError(
            f"{file} cannot be read: {error.strerror}",
            fix="let this user read it, or move it away",
        ) from error


def _table(file: Path, header: tuple[str, ...]) -> Mapping[str, object]:
    try:
        table: object = tomllib.loads(_content(file).decode())
    except ValueError as error:
        raise SettingError(
            f"{file} is not TOML: {error}",
            fix="mend that place; a text stands in quotes, as in actor = 'ann'",
        ) from None
    for name in header:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    return table if isinstance(table, dict) else {}


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
    parts = _SQLITE_PLACE.fullmatch(url)
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
