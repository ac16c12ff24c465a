"""The scripts of SageMaker steps on this machine: found by file name, read, never imported."""

import os
import posixpath
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.discovery.search import ScriptSearch
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import PIPELINE, Roots, record


class EntryScripts:
    """Looks for scripts in some folders, the first wins; in none it looks in `folder` itself."""

    def __init__(self, folder: str, places: Sequence[str]) -> None:
        """`folder` is the root `pipeline:`, absolute; `places` start at the current folder."""
        self._roots = Roots({PIPELINE: folder})
        self._catalog = StepCatalog(places or (folder,))
        located = self._catalog.roots
        workspaces = [record(root, ".") for root in located.places]
        self._search = ScriptSearch((), workspaces, located)

    def named(self, file_name: str) -> RecordedPath:
        """The script of that file name, else where it would lie beside the definition."""
        found = self._search.named((posixpath.splitext(file_name)[0],))
        return self._recorded(found[0].path) if found else record(PIPELINE, file_name)

    def of_step(self, name: str) -> RecordedPath | None:
        """The script that a node of this name runs by the name rules; `None` if there is none.

        Names of steps have hyphens where those of nodes have underscores.
        """
        script = self._catalog.find(name.replace("-", "_"))
        return self._recorded(self._catalog.roots.locate(script.path)) if script else None

    def _recorded(self, absolute: str) -> RecordedPath:
        return record(PIPELINE, os.path.relpath(absolute, self._roots.places[PIPELINE]))

    def outputs(
        self,
        script: RecordedPath,
        job_args: Mapping[str, JsonValue],
        environ_vars: Mapping[str, JsonValue],
    ) -> tuple[str, ...] | None:
        """The outputs that a script names in its code; `None` where there is no such script."""
        there = self._catalog.inspect(script, roots=self._roots)
        if there is None:
            return None
        needs = self._catalog.requirements(
            there, roots=self._roots, job_args=job_args, environ_vars=environ_vars
        )
        return tuple(need.name for need in needs.of("output"))
