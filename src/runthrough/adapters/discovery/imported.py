"""The local modules that running a script imports, and what stands for their content."""

import posixpath
import sys
from collections.abc import Iterator, Sequence

from runthrough.adapters.discovery.listings import Listing, Listings
from runthrough.adapters.discovery.local_modules import PACKAGE
from runthrough.adapters.discovery.packages import ModuleContext
from runthrough.adapters.discovery.readings import Readings
from runthrough.adapters.discovery.sources import ParsedScript
from runthrough.adapters.discovery.survey import ImportedModule

MOST = 512
"""Modules of one script: whole packages of a team, and yet an end where links form a ring."""
_STANDARD = sys.stdlib_module_names
_Search = Sequence[tuple[str, Listing]]


class Imported:
    """Follows imports from file to file, without importing anything."""

    def __init__(self, readings: Readings, listings: Listings) -> None:
        self._readings = readings
        self._listings = listings

    def of(self, path: str, context: ModuleContext, facts: ParsedScript) -> dict[str, str]:
        """Dotted name → digest of each local module that the script at a path imports.

        Also through others, inside functions, and as the packages around a module, whose
        `__init__.py` importing it runs. Modules are looked for where the script finds them:
        below the root of its package and beside it. `import_module("name")` and
        `__import__("name")` count as well; what is imported under a name that is put together
        when the script runs cannot be seen.
        """
        folder = posixpath.dirname(path)
        root = context.package_root
        search = [(place, self._listings.of(place)) for place in dict.fromkeys((root, folder))]
        waiting = [(path, facts), *self._around(context)]
        found: dict[str, str] = {}
        seen = {path}
        for file, told in waiting:
            if file != path:
                found[_dotted(file, root, folder)] = told.digest
            for module in told.modules:
                for imported in self._files(module, file, search):
                    text = None if imported in seen else self._readings.text(imported)
                    seen.add(imported)
                    if text is not None and len(seen) <= MOST:
                        waiting.append((imported, self._readings.facts(text)))
        return dict(sorted(found.items()))

    def _around(self, context: ModuleContext) -> Iterator[tuple[str, ParsedScript]]:
        """The packages that the script itself lies in."""
        folder = context.package_root
        for part in context.module.split(".")[:-1]:
            folder = posixpath.join(folder, part)
            file = posixpath.join(folder, PACKAGE)
            text = self._readings.text(file)
            if text is not None:
                yield file, self._readings.facts(text)

    def _files(self, module: ImportedModule, file: str, search: _Search) -> Iterator[str]:
        if module.level:
            folder = posixpath.dirname(file)
            for _ in range(module.level - 1):
                folder = posixpath.dirname(folder)
            yield from self._inside(module, folder, self._listings.of(folder))
            return
        top = module.module.partition(".")[0]
        if top in _STANDARD:
            return
        for place, there in search:
            if top in there.names or f"{top}.py" in there.names:
                files = list(self._inside(module, place, there))
                yield from files
                if files:
                    return

    def _inside(self, module: ImportedModule, folder: str, there: Listing) -> Iterator[str]:
        """Files that importing a module from a folder runs, the packages around it first."""
        for part in filter(None, module.module.split(".")):
            inside = posixpath.join(folder, part)
            within = self._listings.of(inside) if part in there.names else None
            if within is not None and PACKAGE in within.names:
                yield posixpath.join(inside, PACKAGE)
            elif f"{part}.py" in there.names:
                yield f"{inside}.py"
                return
            elif within is None:
                return
            folder, there = inside, within
        for name in module.names:
            inside = posixpath.join(folder, name)
            if name in there.names and PACKAGE in self._listings.of(inside).names:
                yield posixpath.join(inside, PACKAGE)
            elif f"{name}.py" in there.names:
                yield f"{inside}.py"


def _dotted(file: str, root: str, folder: str) -> str:
    """The name that people know a file by."""
    base = root if file.startswith(f"{root}/") else folder
    relative = posixpath.relpath(file, base).removesuffix(".py").removesuffix("/__init__")
    return relative.replace("/", ".")
