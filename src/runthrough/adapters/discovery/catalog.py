"""Finds the script of each node, and reads what it needs; never imports one."""

import json
import os
import posixpath
import shlex
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pydantic import JsonValue

from runthrough.adapters.discovery.frameworks import framework_of
from runthrough.adapters.discovery.packages import module_context
from runthrough.adapters.discovery.search import FoundScript, ScriptSearch
from runthrough.adapters.discovery.sources import (
    Fault,
    ParsedScript,
    ScriptText,
    parse_script,
    read_script,
)
from runthrough.core.names import canonical, ranked, similarity, snake
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.paths import WORKSPACE, Roots, record, shown, split
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.problems import Place, Problem, ProblemCode
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import Discovery, ScriptCandidate, ScriptInfo

SUGGESTIONS = 3
"""As many as a person compares at a glance."""
MAIN_LINE = "def main(input_paths, output_paths, environ_vars, job_args):"


class StepCatalog:
    """The scripts of a workspace, found by name and read without importing them.

    Made without folders it serves sessions, whose search roots come with each question. Made
    with `workspace_dirs` it also answers for these folders by itself: `find`, `candidates` and
    `scripts`. The first folder is the root `workspace:` of the paths it tells, the next ones
    `workspace2:` and so on; `roots.locate(path)` makes them absolute.
    """

    def __init__(self, workspace_dirs: Sequence[str | os.PathLike[str]] = ()) -> None:
        self.roots = Roots(
            {
                f"{WORKSPACE}{number if number > 1 else ''}": os.path.abspath(folder)  # noqa: PTH100 - a text
                for number, folder in enumerate(workspace_dirs, start=1)
            }
        )
        self._settings = SessionSettings(
            workspaces=tuple(record(root, ".") for root in self.roots.places)
        )

    def find(self, name: str) -> ScriptInfo | None:
        """The script that a node of this name runs; `None` when no file has its name."""
        return self._ask(name).script

    def candidates(self, name: str) -> tuple[ScriptCandidate, ...]:
        """What else could be meant: shadowed scripts, or similar names where none was found."""
        return self._ask(name).candidates

    def scripts(self) -> tuple[ScriptInfo, ...]:
        """Every script with a `main` that a node could run, in the order of the search."""
        visit = _Visit(PipelineDeclaration(name="scripts"), self._settings, self.roots)
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
        """
        visit = _Visit(pipeline, settings, roots)
        return {node: visit.discovery(node) for node in nodes}

    def inspect(self, path: RecordedPath, *, roots: Roots) -> ScriptInfo | None:
        """A script that is known already, as it is now; `None` when it is gone."""
        absolute = _located(path, roots)
        text = None if absolute is None else read_script(absolute)
        if absolute is None or text is None:
            return None
        return _script_info(path, absolute, text, roots)

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
        text = None if absolute is None else read_script(absolute)
        if text is None or text.fault is not None:
            return ScriptRequirements()
        known = json.dumps([dict(job_args), dict(environ_vars)], sort_keys=True)
        return _needs(text.content, known)

    def _ask(self, name: str) -> Discovery:
        visit = _Visit(PipelineDeclaration(name=name), self._settings, self.roots)
        return visit.discovery(NodeName(name))


@lru_cache(maxsize=4096)  # one for each node of a large pipeline, a few KB each
def _needs(content: bytes, known: str) -> ScriptRequirements:
    # The reader is half of this package, and most commands know the needs from the log.
    from runthrough.adapters.discovery.reading import read_needs  # noqa: PLC0415 - as said

    job_args, environ_vars = json.loads(known)
    parsed = parse_script(ScriptText(content))
    if parsed.tree is None or parsed.survey is None:
        return ScriptRequirements()
    return read_needs(
        parsed.tree,
        job_args=job_args,
        environ_vars=environ_vars,
        parser_calls=parsed.survey.parser_calls,
    )


class _Visit:
    """One look at the search roots for any number of nodes."""

    def __init__(
        self, pipeline: PipelineDeclaration, settings: SessionSettings, roots: Roots
    ) -> None:
        self._pipeline = pipeline
        self._suffixes = settings.suffixes
        self._roots = roots
        self.search = ScriptSearch(pipeline.scripts, settings.workspaces, roots)
        self._scripts: dict[RecordedPath, ScriptInfo | None] = {}

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
        return Discovery(None, self._suggestions(self._stems(node), why))

    def script_at(self, absolute: str) -> ScriptInfo | None:
        """The script at an absolute path."""
        return self._script(self._roots.record(absolute))

    def _script(self, path: RecordedPath) -> ScriptInfo | None:
        if path not in self._scripts:
            absolute = _located(path, self._roots)
            text = None if absolute is None else read_script(absolute)
            self._scripts[path] = (
                None
                if absolute is None or text is None
                else _script_info(path, absolute, text, self._roots)
            )
        return self._scripts[path]

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
        return tuple(dict.fromkeys(snake(name) for name in names))

    def _shadowed(self, other: FoundScript, taken: FoundScript) -> ScriptCandidate:
        same_place = other.place == taken.place
        reason = (
            f"{shown(self._roots.record(taken.path))} comes first in the same search root"
            if same_place
            else f"the search root {taken.place} comes before {other.place}"
        )
        return ScriptCandidate(
            path=self._roots.record(other.path),
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
                path=self._roots.record(self.search.named((near,))[0].path),
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


def _script_info(path: RecordedPath, absolute: str, text: ScriptText, roots: Roots) -> ScriptInfo:
    parsed = parse_script(text)
    surveyed = parsed.survey
    name = posixpath.splitext(posixpath.basename(absolute))[0]
    context = module_context(absolute, relative_level=surveyed.relative_level if surveyed else 0)
    return ScriptInfo(
        name=name,
        path=path,
        package_root=roots.record(context.package_root),
        module=context.module,
        digest=parsed.digest,
        has_main=parsed.main.has_main,
        parameters=parsed.main.parameters,
        framework=framework_of(surveyed.imports) if surveyed else None,
        description=parsed.description,
        imports=surveyed.imports if surveyed else (),
        problems=_problems(name, path, parsed),
    )


def _problems(name: str, path: RecordedPath, parsed: ParsedScript) -> tuple[Problem, ...]:
    """What is wrong with the script; `where.node` holds the script's name.

    A script does not know its nodes: whoever binds it to one puts the node's name there.
    """

    def problem(code: ProblemCode, message: str, fix: str) -> tuple[Problem]:
        where = Place(node=name, kind="script")
        return (Problem(code=code, severity="error", where=where, message=message, fix=fix),)

    if parsed.fault is not None:
        told = _told(parsed.fault, shown(path))
        typed = shlex.quote(shown(path))
        return problem(parsed.fault.code, told, parsed.fault.fix.replace("{path}", typed))
    if not parsed.main.has_main:
        return problem(
            "MAIN_MISSING",
            f"{shown(path)} has no function main, which a script is run by",
            MAIN_LINE,
        )
    if parsed.main.unfilled:
        extra = ", ".join(parsed.main.unfilled)
        optional = ", ".join(f"{each}=None" for each in parsed.main.unfilled)
        return problem(
            "MAIN_SIGNATURE",
            f"main in {shown(path)} requires {extra}, which nothing gives it",
            f"{MAIN_LINE[:-2]}, {optional}):",
        )
    return ()


def _told(fault: Fault, path: str) -> str:
    if fault.line is None:
        return f"{path} cannot be read: {fault.reason}"
    return f"{path}:{fault.line}:{fault.column or 1}: {fault.reason}"
