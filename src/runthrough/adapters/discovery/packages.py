"""Where a script stands among packages, and where packages lie."""

import importlib.util
import os
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runthrough.adapters.discovery.stamps import Holds


@dataclass(frozen=True, slots=True)
class ModuleContext:
    """How a script is imported."""

    package_root: str
    """Absolute path of the folder that stands on `sys.path`."""
    module: str
    """Dotted name below it."""


def module_context(path: str, *, relative_level: int, holds: Holds | None = None) -> ModuleContext:
    """The context of the script at an absolute path.

    A script belongs to the packages around it: the folders up to the last one that holds an
    `__init__.py`, and at least as many as its relative imports climb (these are namespace
    packages). A folder with a dot in its name cannot be a package and ends the climb, and so does
    one above which nothing is held.
    """
    folder, file = posixpath.split(path)
    module = posixpath.splitext(file)[0]
    packages: list[str] = []
    while len(packages) < relative_level or _is_package(folder):
        above, name = posixpath.split(folder)
        if not name or "." in name or not (holds is None or holds(above)):
            break
        packages.insert(0, name)
        folder = above
    return ModuleContext(folder, ".".join((*packages, module)))


def package_folders(packages: Iterable[str], workspaces: Iterable[str]) -> Iterator[str]:
    """Where packages lie, by their dotted names: in a workspace, else where Python finds them.

    Only the first part of a name is asked for, which imports nothing; the rest is found by path.
    """
    places = tuple(workspaces)
    for package in packages:
        top, *rest = package.split(".")
        candidates = (
            posixpath.join(place, *rest)
            for place in (*(posixpath.join(place, top) for place in places), *_installed(top))
        )
        yield from (folder for folder in candidates if os.path.isdir(folder))  # noqa: PTH112


def _installed(top: str) -> tuple[str, ...]:
    if not top.isidentifier():
        return ()
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return ()  # a module that is half there, such as one that a test put in its place
    return tuple(spec.submodule_search_locations or ()) if spec else ()


def _is_package(folder: str) -> bool:
    # A folder that cannot be looked into is no package for Python either.
    return os.path.isfile(f"{folder}/__init__.py")  # noqa: PTH113 - a Path costs ten times as much
