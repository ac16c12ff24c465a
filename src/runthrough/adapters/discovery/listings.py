"""What lies in folders, listed again only when a folder changed."""

import os
from dataclasses import dataclass

from runthrough.adapters.discovery.stamps import Holds, Remembered

KEPT_FOLDERS = 1024
"""More than a pipeline's scripts lie in, some 50 KB each where they hold a thousand files."""
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Listing:
    """The names in a folder."""

    names: frozenset[str] = NOTHING
    modules: tuple[str, ...] = ()
    """Those of Python files, sorted."""
    contracts: tuple[str, ...] = ()
    """Those of Python files that are called contracts, sorted."""


EMPTY = Listing()


class Listings:
    """Listings of folders, by absolute path."""

    def __init__(self, holds: Holds | None = None) -> None:
        """Nothing is listed yet, and nothing ever is at paths that are not held."""
        self.holds = holds
        """Of absolute paths; `None` where all may be touched."""
        self._known = Remembered(_listing, limit=KEPT_FOLDERS, holds=holds)

    def of(self, folder: str) -> Listing:
        """What lies in a folder; nothing where there is none that can be looked into."""
        return self._known.of(folder) or EMPTY


def _listing(folder: str) -> Listing:
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names are all that is asked for
    except OSError:
        return EMPTY  # nothing in it can be read either
    modules = sorted(name for name in names if name.endswith(".py") and name.isprintable())
    contracts = tuple(name for name in modules if "contract" in name.lower())
    return Listing(frozenset(names), tuple(modules), contracts)
