"""Where a script stands among packages, so that its relative imports work."""

import posixpath
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ModuleContext:
    """How a script is imported."""

    package_root: str
    """Absolute path of the folder that stands on `sys.path`."""
    module: str
    """Dotted name below it."""


def module_context(path: str, *, relative_level: int) -> ModuleContext:
    """The context of the script at an absolute path.

    A script belongs to the packages around it: the folders up to the last one that holds an
    `__init__.py`, and at least as many as its relative imports climb (these are namespace
    packages). A folder with a dot in its name cannot be a package and ends the climb.
    """
    folder, file = posixpath.split(path)
    module = posixpath.splitext(file)[0]
    packages: list[str] = []
    while len(packages) < relative_level or _is_package(folder):
        above, name = posixpath.split(folder)
        if not name or "." in name:
            break
        packages.insert(0, name)
        folder = above
    return ModuleContext(folder, ".".join((*packages, module)))


def _is_package(folder: str) -> bool:
    try:
        return Path(folder, "__init__.py").is_file()
    except OSError:
        return False  # a folder that cannot be looked into is no package for Python either
