"""The settings as they may be written: what is a value, and what is wrong with one."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from runthrough.core.values.secrets import looks_secret
from runthrough.errors import SettingError

PREFIX = "RUNTHROUGH_"
FLAG, DEFAULT = "flag", "default"

SQLITE_PLACE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:|file:)([^?]+)(\?.*)?")
"""A URL of SQLite with a relative path: what is before it, the path, what is behind it."""
_FILE_OF_A_DATABASE = re.compile(r"[^\s:@?~]+\.(db|sqlite3?)")


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
    if SQLITE_PLACE.fullmatch(text):
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
Words = Annotated[tuple[Word, ...], BeforeValidator(_listed)]


class WrittenSettings(BaseModel):
    """The settings as they may be written, with their defaults."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    database_url: Annotated[str, AfterValidator(_url)] | None = None
    actor: Word | None = None
    session: Word | None = None
    runner: Annotated[str, AfterValidator(_runner)] = "process:"
    jobs: Annotated[int, BeforeValidator(_count)] = Field(default=1, ge=1)
    keep_runs: Annotated[int, BeforeValidator(_count)] = Field(default=5, ge=1)
    workspace: Annotated[
        tuple[Annotated[str, AfterValidator(_place)], ...], BeforeValidator(_folders)
    ] = ()
    suffixes: Words | None = None
    compounds: Words = ()
    packages: Words = ()
    preload: Words = ()
    registry: Annotated[
        dict[Word, Annotated[str, AfterValidator(_place)]], BeforeValidator(_mapped)
    ] = Field(default_factory=dict)
    log_level: Annotated[
        Literal["debug", "info", "warning", "error", "critical"], BeforeValidator(_lower)
    ] = "warning"
    host: Annotated[str, AfterValidator(_host)] | None = None


def validated(values: Mapping[str, object], origins: Mapping[str, str]) -> WrittenSettings:
    """The settings with these values, and the defaults of the rest.

    Raises:
        SettingError: A value is unusable; where it came from is told, and it is not.
    """
    try:
        return WrittenSettings.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_input=False)[0]
        name = str(details["loc"][0])
        raise SettingError(
            f"{name} ({origins[name]}): {_wrong(details)}.",
            fix=f"give {_called(name, origins[name])} another value, or leave it out",
        ) from None  # pydantic's own text shows the value, which may hold a password


def _called(name: str, origin: str) -> str:
    """A setting by the name that it has where its value comes from."""
    if origin.startswith(PREFIX):
        return origin
    return name if origin in {DEFAULT, FLAG} else f"{name} in {Path(origin).name}"


def _wrong(details: ErrorDetails) -> str:
    """What is wrong with a value, for people; the value is not told, for it may be a secret."""
    told = details.get("ctx", {})
    match details["type"]:
        case "int_type" | "int_parsing" | "int_from_float":
            return "must be a whole number"
        case "greater_than_equal":
            return f"must be {told['ge']} or more"
        case "literal_error":
            return f"must be {str(told['expected']).replace(chr(39), '')}"
        case "string_type":
            return "must be a text"
        case "tuple_type":
            return "must be a list of texts"
        case "dict_type":
            return "must be a table of NAME = PATH"
        case _:
            return str(told.get("error", details["msg"]))
