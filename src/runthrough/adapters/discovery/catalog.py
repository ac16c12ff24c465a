"""Finds the script of each node, and reads what it needs; never imports one."""

import os
import posixpath
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from runthrough.adapters.discovery.collecting import CollectingLater
from runthrough.adapters.discovery.contracts import Contracts
from runthrough.adapters.discovery.imported import Imported
from runthrough.adapters.discovery.listings import Listings
from runthrough.adapters.discovery.packages import package_folders
from runthrough.adapters.discovery.reading_cache import ReadingCache
from runthrough.adapters.discovery.readings import Readings
from runthrough.adapters.discovery.scripts import Scripts
from runthrough.adapters.discovery.search import FoundScript, ScriptFolders, ScriptSearch
from runthrough.adapters.discovery.stamps import Holds
from runthrough.core.names import COMPOUNDS, canonical, ranked, similarity, snake
from runthrough.core.values.contracts import ContractFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.paths import WORKSPACE, Roots, record, shown, split
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import Discovery, ScriptCandidate, ScriptInfo

SUGGESTIONS = 3
"""As many as a person compares at a glance."""
AT_ONCE = 256
"""Nodes looked at between two collections of garbage, usually half a second of reading; each
looks through the trees that are kept."""


class StepCatalog:
    """The scripts of a workspace, found by name and read without importing them.

    Made without folders it serves sessions, whose search roots come with each question. Made
    with `workspace_dirs` it also answers for these folders by itself: `find`, `candidates` and
    `scripts`. The first folder is the root `workspace:` of the paths it tells, the next ones
    `workspace2:` and so on; `roots.locate(path)` makes them absolute.

    Files and folders that did not change are read once, in this process and, with a `cache`,
    in the next one too. Nothing is read at paths that are not held, links followed, where
    something `holds` only some.
    """

    def __init__(
        self,
        workspace_dirs: Sequence[str | os.PathLike[str]] = (),
        *,
        cache: ReadingCache | None = None,
        holds: Holds | None = None,
    ) -> None:
        self.roots = Roots(
            {
                f"{WORKSPACE}{number if number > 1 else ''}": os.path.abspath(folder)  # noqa: PTH100 - a text
                for number, folder in enumerate(workspace_dirs, start=1)
            }
        )
        self._settings = SessionSettings(
            workspaces=tuple(record(root, ".") for root in self.roots.places)
        )
        self._cache = cache
        listings = Listings(holds)
        self._contracts = Contracts(listings)
        self._readings = Readings(listings, cache)
        imported = Imported(self._readings, listings)
        self._scripts = Scripts(self._readings, self._contracts, imported)
        self._folders = ScriptFolders(holds=holds)

    def close(self) -> None:
        """Let go of the cache's file; the next reading opens it again."""
        if self._cache is not None:
            self._cache.close()

    def find(self, name: str) -> ScriptInfo | None:
        """The script that a node of this name runs; `None` when no file has its name."""
        return self._ask(name).script

    def candidates(self, name: str) -> tuple[ScriptCandidate, ...]:
        """What else could be meant: shadowed scripts, or similar names where none was found."""
        return self._ask(name).candidates

    def scripts(self) -> tuple[ScriptInfo, ...]:
        """Every script with a `main` that a node could run, in the order of the search."""
        visit = self._visit(PipelineDeclaration(name="scripts"), self._settings, self.roots)
        seen = (visit.script_at(found.path) for found in visit.search.scripts())
        return tuple(script for script in seen if script is not None and script.has_main)

    def discover(
        self,
        nodes: Sequence[NodeName],
        *,
        pipeline: PipelineDeclaration,
        settings: SessionSettings,
        roots: Roots,
    ) -> dict[NodeName, Discovery]:
        """The script of each node, or what could be meant; each file and folder is read once.

        A script that the pipeline names is taken, then one that its registry names for the node
        or its canonical name, then one that is found by name (`ScriptSearch`).

        A script that had to be parsed for this is read at once for its nodes as the pipeline
        declares them, which is what is asked next. So it is parsed once, however many there
        are, and few trees need to be kept.
        """
        visit = self._visit(pipeline, settings, roots)
        found: dict[NodeName, Discovery] = {}
        waiting = sorted(nodes, key=visit.neighbourhood)
        for first in range(0, len(waiting), AT_ONCE):
            with CollectingLater():
                for node in waiting[first : first + AT_ONCE]:
                    found[node] = self._discovered(node, visit, pipeline)
        return {node: found[node] for node in nodes}

    def inspect(self, path: RecordedPath, *, roots: Roots) -> ScriptInfo | None:
        """A script that is known already, as it is now; `None` when it is gone."""
        return self._scripts.at(path, roots=roots)

    def requirements(
        self,
        script: ScriptInfo,
        *,
        roots: Roots,
        job_args: Mapping[str, JsonValue],
        environ_vars: Mapping[str, JsonValue],
    ) -> ScriptRequirements:
        """What the code needs when it is run with these arguments and variables.

        A script that is gone, or that does not parse, needs nothing that could be told.
        """
        absolute = _located(script.path, roots)
        text = None if absolute is None else self._readings.text(absolute)
        if absolute is None or text is None:
            return ScriptRequirements()
        return self._readings.needs(absolute, text, job_args=job_args, environ_vars=environ_vars)

    def contract(self, script: ScriptInfo, *, roots: Roots) -> ContractFacts | None:
        """What the contract nearest to a script says it needs; `None` without one.

        A file `NAME.contract.yaml` beside it, or a Python module that calls something with the
        script's file as `entry_point`; see `Contracts`.
        """
        return self._contracts.of(script.path, roots=roots)

    def _discovered(
        self, node: NodeName, visit: "_Visit", pipeline: PipelineDeclaration
    ) -> Discovery:
        """What is found for a node; its script is read where it was parsed just now."""
        before = self._readings.parsed
        found = visit.discovery(node)
        script, declared = found.script, pipeline.nodes.get(node)
        if script is None or declared is None:
            return found
        if self._readings.parsed > before:
            visit.parsed.add(script.path)
        if script.path in visit.parsed:
            self.requirements(
                script,
                roots=visit.roots,
                job_args=declared.job_args,
                environ_vars=declared.environ_vars,
            )
        return found

    def _ask(self, name: str) -> Discovery:
        visit = self._visit(PipelineDeclaration(name=name), self._settings, self.roots)
        return visit.discovery(NodeName(name))

    def _visit(
        self, pipeline: PipelineDeclaration, settings: SessionSettings, roots: Roots
    ) -> "_Visit":
        workspaces = filter(None, (_located(place, roots) for place in settings.workspaces))
        search = ScriptSearch(
            pipeline.scripts,
            settings.workspaces,
            roots,
            packages=package_folders(settings.packages, workspaces),
            folders=self._folders,
        )
        return _Visit(pipeline, settings, roots, search, self._scripts)


class _Visit:
    """One look at the search roots for any number of nodes."""

    def __init__(
        self,
        pipeline: PipelineDeclaration,
        settings: SessionSettings,
        roots: Roots,
        search: ScriptSearch,
        scripts: Scripts,
    ) -> None:
        self._pipeline = pipeline
        self._suffixes = settings.suffixes
        self._compounds = (*COMPOUNDS, *settings.compounds)
        self.roots = roots
        self._scripts = scripts
        self.search = search
        self.parsed: set[RecordedPath] = set()
        """Scripts that had to be parsed in this look."""
        self._seen: dict[RecordedPath, ScriptInfo | None] = {}

    def discovery(self, node: NodeName) -> Discovery:
        """What is found for one node."""
        named, by = self._named_for(node)
        if named is not None:
            script = self._script(named)
            if script is not None:
                return Discovery(script)
            stem = posixpath.splitext(posixpath.basename(split(named)[1]))[0]
            why = f"{by} {shown(named)}, which does not exist"
            return Discovery(None, self._suggestions((stem, *self._stems(node)), why))
        found = self.search.named(self._stems(node))
        for place, taken in enumerate(found):
            script = self.script_at(taken.path)
            if script is not None:  # else it vanished between the listing and the reading
                shadowed = (self._shadowed(other, taken) for other in found[place + 1 :])
                return Discovery(script, tuple(shadowed))
        why = f"no script is called {' or '.join(f'{stem}.py' for stem in self._stems(node))}"
        suggested = self._suggestions(self._stems(node), why)
        return Discovery(None, suggested, self.search.searched)

    def neighbourhood(self, node: NodeName) -> str:
        """The same text for all nodes of one script, as far as names tell."""
        return self._named_for(node)[0] or canonical(node, self._suffixes)

    def script_at(self, absolute: str) -> ScriptInfo | None:
        """The script at an absolute path."""
        return self._script(self.roots.record(absolute))

    def _script(self, path: RecordedPath) -> ScriptInfo | None:
        if path not in self._seen:
            self._seen[path] = self._scripts.at(path, roots=self.roots)
        return self._seen[path]

    def _named_for(self, node: NodeName) -> tuple[RecordedPath | None, str]:
        declared = self._pipeline.nodes.get(node)
        if declared is not None and declared.script is not None:
            return declared.script, "the pipeline names"
        registry = self._pipeline.registry
        registered = registry.get(node) or registry.get(canonical(node, self._suffixes))
        return registered, "the registry names"

    def _stems(self, node: NodeName) -> tuple[str, ...]:
        """The stems to look for, the whole name's first.

        A file named after the whole name can mean this node only, while one that is named after
        the canonical name serves all job types.
        """
        names = (node, canonical(node, self._suffixes))
        return tuple(dict.fromkeys(snake(name, self._compounds) for name in names))

    def _shadowed(self, other: FoundScript, taken: FoundScript) -> ScriptCandidate:
        same_place = other.place == taken.place
        reason = (
            f"{shown(self.roots.record(taken.path))} is found first in the same folder"
            if same_place
            else f"the folder {shown(taken.place)} is searched before {shown(other.place)}"
        )
        return ScriptCandidate(
            path=self.roots.record(other.path),
            kind="shadowed",
            score=similarity(other.stem, taken.stem),
            reason=reason,
        )

    def _suggestions(self, stems: Sequence[str], why: str) -> tuple[ScriptCandidate, ...]:
        best: dict[str, float] = {}
        for stem in stems:
            for near, score in ranked(stem, self.search.stems, limit=SUGGESTIONS):
                best[near] = max(score, best.get(near, 0.0))
        order = sorted(best, key=lambda near: (-best[near], near))[:SUGGESTIONS]
        return tuple(
            ScriptCandidate(
                path=self.roots.record(self.search.named((near,))[0].path),
                kind="suggested",
                score=round(best[near], 3),
                reason=f"{why}; {near}.py is the same name"
                if best[near] == 1.0
                else f"{why}; {near}.py is {best[near]:.0%} like it",
            )
            for near in order
        )


def _located(path: RecordedPath, roots: Roots) -> str | None:
    try:
        return roots.locate(path)
    except KeyError:
        return None  # this host does not know the root, so nothing is there
