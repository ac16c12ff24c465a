"""Versions of what takes part, as it is installed here."""

import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version

from runthrough.core.values.health import Versions


def installed_versions(runthrough: str) -> Versions:
    """The versions of Python and of the libraries that the log stands on."""
    return Versions(
        runthrough=runthrough,
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        sqlalchemy=version("sqlalchemy"),
        pydantic=version("pydantic"),
        psycopg=_version_of_extra("psycopg"),
    )


def _version_of_extra(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
