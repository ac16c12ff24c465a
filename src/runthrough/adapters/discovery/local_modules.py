"""Modules of a script's own folder or package that it imports, found by path."""

import posixpath
import sys
from collections.abc import Iterator, Sequence

from runthrough.adapters.discovery.listings import Listing, Listings
from runthrough.adapters.discovery.packages import module_context
from runthrough.adapters.discovery.survey import ImportedModule

PACKAGE = "__init__.py"
MOST = 32
"""Local modules that are followed for one script; people import a handful."""


def local_modules(
    script: str,
    modules: Sequence[ImportedModule],
    *,
    relative_level: int,
    listings: Listings,
) -> dict[str, str]:
    """The local files among what a script imports: the name it is imported by → absolute path.

    A name is written as in the script, with its dots: `helpers`, `.helpers`, `pack.helpers`.
    """
    folder = posixpath.dirname(script)
    context = module_context(script, relative_level=relative_level, holds=listings.holds)
    root = context.package_root
    places = {folder: listings.of(folder)}
    if root not in places:
        places[root] = listings.of(root)
    found: dict[str, str] = {}
    for module in modules:
        if module.level:
            bases: Sequence[str] = (_climbed(folder, module.level),)
        else:
            top = module.module.partition(".")[0]
            if top in _STANDARD:
                continue
            bases = [base for base, there in places.items() if _holds(there, top)]
        for base in bases:
            here = dict(_found(module, base, listings))
            found |= {name: path for name, path in here.items() if path != script}
            if here:
                break
        if len(found) >= MOST:
            break
    return found


def _holds(listing: Listing, top: str) -> bool:
    return top in listing.names or f"{top}.py" in listing.names


_STANDARD = sys.stdlib_module_names


def _climbed(folder: str, level: int) -> str:
    for _ in range(level - 1):
        folder = posixpath.dirname(folder)
    return folder


def _found(module: ImportedModule, base: str, listings: Listings) -> Iterator[tuple[str, str]]:
    """The module itself, and those of the imported names that are modules inside it."""
    dots = "." * module.level
    *parents, last = module.module.split(".")
    folder = base
    for parent in parents:
        if parent not in listings.of(folder).names:
            return
        folder = posixpath.join(folder, parent)
    if last:
        names = listings.of(folder).names
        inside = posixpath.join(folder, last)
        is_package = last in names and PACKAGE in listings.of(inside).names
        if is_package:
            yield dots + module.module, posixpath.join(inside, PACKAGE)
        elif f"{last}.py" in names:
            yield dots + module.module, f"{inside}.py"
            return
        folder = inside
    within = listings.of(folder).names
    glue = "." if module.module else ""
    for name in module.names:
        if f"{name}.py" in within:
            yield f"{dots}{module.module}{glue}{name}", posixpath.join(folder, f"{name}.py")
