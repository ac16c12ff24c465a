"""Facts before decisions: what the world looks like for some nodes of a session."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

from pydantic import JsonValue

from runthrough.application.ports import Catalog, Inspector
from runthrough.core.requirements import merge
from runthrough.core.staleness import looked_at
from runthrough.core.state import SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import InterpreterFacts, NodeFacts, PathFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.paths import WORKSPACE, Roots, below, record
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import Discovery, ScriptInfo
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.views.particulars import Particulars

DIGEST_UP_TO = 16 * 1024 * 1024
"""Bytes; larger contents are digested only once a run took them (DESIGN § 7)."""

World = dict[NodeName, NodeFacts]
Values = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command brings that must be looked at beside what the session knows."""

    spec: ScriptSpec | None = None
    """The configuration to be; its arguments and variables decide what the script reads."""
    paths: tuple[RecordedPath, ...] = ()


NOTHING_ASKED = Asked()


class Seen(TypedDict):
    """Two fields of `NodeFacts`."""

    paths: dict[RecordedPath, PathFacts]
    found: dict[str, RecordedPath]


class Looking:
    """Looks at scripts, paths and interpreters through the ports, for one session's roots."""

    def __init__(self, catalog: Catalog, inspector: Inspector, roots: Roots) -> None:
        self._catalog = catalog
        self._inspector = inspector
        self._roots = roots

    def at_start(self, pipeline: PipelineDeclaration, settings: SessionSettings) -> World:
        """Facts for every node of a pipeline that no session knows yet."""
        nodes = [NodeName(n) for n, d in pipeline.nodes.items() if not d.external]
        found = self._discover(nodes, pipeline, settings)
        fed = {target for _, target in pipeline.edges}
        world: World = {}
        for node in nodes:
            declared = pipeline.nodes[node]
            script = found[node].script
            needs = self._needs(script, declared, declared.job_args, declared.environ_vars)
            spec = ScriptSpec(output_paths=declared.outputs, python=declared.python)
            world[node] = NodeFacts(
                script=script,
                candidates=found[node].candidates,
                requirements=needs,
                **self._seen(
                    node,
                    needs,
                    (*_declared_paths(pipeline, node), *spec.output_paths.values()),
                    source=node not in fed,
                ),
                interpreter=self._interpreter(declared.python or pipeline.python),
            )
        return world

    def at(
        self,
        state: SessionState,
        particulars: Particulars,
        nodes: Iterable[NodeName],
        *,
        asked: Mapping[NodeName, Asked] | None = None,
        digest_up_to: int | None = DIGEST_UP_TO,
    ) -> World:
        """Facts for nodes that the session knows; their scripts are read again."""
        scripted = [node for node in nodes if not state.nodes[node].external]
        lost = [node for node in scripted if state.nodes[node].script is None]
        found = self._discover(lost, state.pipeline, state.settings)
        world: World = {}
        for node in scripted:
            known = state.nodes[node].script
            discovery = found.get(node) or Discovery(
                self._catalog.inspect(known.path, roots=self._roots) if known else None
            )
            want = (asked or {}).get(node, NOTHING_ASKED)
            there = state.nodes[node]
            spec = want.spec or there.spec or there.draft
            declared = state.declared(node)
            needs = self._needs(
                discovery.script,
                declared,
                spec.job_args if spec else declared.job_args,
                spec.environ_vars if spec else declared.environ_vars,
            )
            old = particulars.requirements.get(node)
            reread = None if old is None or old == needs else _why(particulars, discovery, node)
            paths = (*looked_at(state, node), *(spec.output_paths.values() if spec else ()))
            world[node] = NodeFacts(
                script=discovery.script,
                candidates=discovery.candidates,
                requirements=needs if discovery.script else particulars.needs(node),
                reread=reread if discovery.script else None,
                **self._seen(
                    node,
                    needs,
                    (*paths, *want.paths),
                    source=not state.predecessors[node],
                    digest_up_to=digest_up_to,
                ),
                interpreter=self._interpreter(_python(state, spec)),
            )
        return world

    def glance(
        self,
        state: SessionState,
        nodes: Iterable[NodeName],
        *,
        digest_up_to: int | None = DIGEST_UP_TO,
    ) -> World:
        """What decides whether nodes are stale: script, paths, interpreter; needs are not read."""
        world: World = {}
        for node in nodes:
            there = state.nodes[node]
            if there.external or there.script is None:
                continue
            world[node] = NodeFacts(
                script=self._catalog.inspect(there.script.path, roots=self._roots),
                paths=self._inspector.look(
                    looked_at(state, node), roots=self._roots, digest_up_to=digest_up_to
                ),
                interpreter=self._interpreter(_python(state, there.spec)),
            )
        return world

    def _discover(
        self,
        nodes: Sequence[NodeName],
        pipeline: PipelineDeclaration,
        settings: SessionSettings,
    ) -> dict[NodeName, Discovery]:
        if not nodes:
            return {}
        return self._catalog.discover(
            nodes, pipeline=pipeline, settings=settings, roots=self._roots
        )

    def _needs(
        self,
        script: ScriptInfo | None,
        declared: NodeDeclaration,
        job_args: Values,
        environ_vars: Values,
    ) -> ScriptRequirements:
        if script is None:
            return ScriptRequirements()
        code = self._catalog.requirements(
            script, roots=self._roots, job_args=job_args, environ_vars=environ_vars
        )
        return merge(declared, code)

    def _seen(
        self,
        node: NodeName,
        needs: ScriptRequirements,
        paths: Iterable[RecordedPath],
        *,
        source: bool,
        digest_up_to: int | None = DIGEST_UP_TO,
    ) -> Seen:
        conventional = _conventional(node, needs, source=source)
        looked = self._inspector.look(
            dict.fromkeys((*paths, *(path for _, path in conventional))),
            roots=self._roots,
            digest_up_to=digest_up_to,
        )
        found: dict[str, RecordedPath] = {}
        for name, path in conventional:
            if looked[path].kind is not None and not looked[path].empty:
                found.setdefault(name, path)
        return {"paths": looked, "found": found}

    def _interpreter(self, python: str | None) -> InterpreterFacts:
        return self._inspector.interpreter(python, roots=self._roots)


def _declared_paths(pipeline: PipelineDeclaration, node: NodeName) -> list[RecordedPath]:
    """Paths of a node's inputs, and of external outputs that may come to feed it."""
    paths: list[RecordedPath] = []
    for given in pipeline.nodes[node].inputs.values():
        if not isinstance(given, Output):
            paths.append(given)
        elif path := pipeline.nodes[given.node].outputs.get(given.output):
            paths.append(below(path, given.subpath))
    for above, target in pipeline.edges:
        if target == node and pipeline.nodes[above].external:
            paths += pipeline.nodes[above].outputs.values()
    return paths


def _conventional(
    node: NodeName, needs: ScriptRequirements, *, source: bool
) -> list[tuple[str, RecordedPath]]:
    """Where an input may lie by convention (DESIGN § 6), best place first."""
    places = []
    for need in needs.of("input"):
        places.append((need.name, record(WORKSPACE, f"input/{node}/{need.name}")))
        if source:
            places.append((need.name, record(WORKSPACE, f"input/{need.name}")))
    return places


def _python(state: SessionState, spec: ScriptSpec | None) -> str | None:
    return (spec.python if spec else None) or state.pipeline.python


def _why(
    particulars: Particulars, discovery: Discovery, node: NodeName
) -> Literal["script", "arguments"]:
    before = particulars.scripts.get(node)
    same = before and discovery.script and before.digest == discovery.script.digest
    return "arguments" if same else "script"
