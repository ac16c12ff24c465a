"""Facts before decisions: what the world looks like for some nodes of a session."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from pydantic import JsonValue

from runthrough.application.allowing import Allowing
from runthrough.application.concerned_paths import (
    NOTHING_ASKED,
    Asked,
    conventional,
    declared_paths,
    forbidden,
    python_of,
)
from runthrough.application.ports import UNCONFINED, Catalog, Confinement, Inspector
from runthrough.application.recalling import (
    digest_limit,
    remembered,
    why_reread,
    written_before,
)
from runthrough.core.noticing import noticed
from runthrough.core.requirements import Merged, merge, unknown_names
from runthrough.core.staleness import looked_at
from runthrough.core.state import SessionState
from runthrough.core.values.facts import InterpreterFacts, NodeFacts, PathFacts
from runthrough.core.values.ids import HostId, NodeName, RecordedPath
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.outcomes import WrittenOutput
from runthrough.core.values.paths import (
    ABSOLUTE,
    Roots,
    record,
    split,
)
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import Discovery, ScriptInfo
from runthrough.core.views.particulars import Particulars, files_of

DIGEST_UP_TO = 16 * 1024 * 1024
"""Bytes; larger contents are digested only once a run took them (DESIGN § 7)."""

World = dict[NodeName, NodeFacts]
Values = Mapping[str, JsonValue]


NOT_FOUND = Discovery(None)


@dataclass(frozen=True, slots=True)
class Told:
    """What was read of a node's script and its contract."""

    script: ScriptInfo | None
    """With what is wrong with its contract, or lacks one."""
    merged: Merged
    contract: RecordedPath | None = None


class Seen(TypedDict):
    """Two fields of `NodeFacts`."""

    paths: dict[RecordedPath, PathFacts]
    found: dict[str, RecordedPath]


class Looking:
    """Looks at scripts, paths and interpreters through the ports, for one session's roots.

    A session that lives on another host than `host` is not looked at: its facts are what history
    holds, and say so. So are those of a session whose folders may not be touched, and of a node
    that has a path which may not be.
    """

    def __init__(
        self,
        catalog: Catalog,
        inspector: Inspector,
        roots: Roots,
        *,
        host: HostId | None = None,
        confinement: Confinement = UNCONFINED,
    ) -> None:
        """Look for a session; without a `host` it lives wherever it is looked at."""
        self._catalog = catalog
        self._inspector = inspector
        self._roots = roots
        self._host = host
        self._allowing = Allowing(confinement, roots)

    def at_home(self, state: SessionState) -> bool:
        """Whether the session lives on this host, and its folders are known and allowed here."""
        if self._host is None or state.home is None:
            return True
        here = state.home.host == self._host and bool(self._roots.places)
        return here and self._allowing.holds_roots

    def is_outside(self, state: SessionState) -> bool:
        """Whether the session lives here, in folders that may not be touched."""
        here = state.home is None or state.home.host == self._host
        return here and bool(self._roots.places) and not self._allowing.holds_roots

    def at_start(self, pipeline: PipelineDeclaration, settings: SessionSettings) -> World:
        """Facts for every node of a pipeline that no session knows yet."""
        nodes = [NodeName(n) for n, d in pipeline.nodes.items() if not d.external]
        found = self._discover(nodes, pipeline, settings)
        fed = {target for _, target in pipeline.edges}
        read = {
            node: self._told(
                found[node].script,
                pipeline.nodes[node],
                pipeline.nodes[node].job_args,
                pipeline.nodes[node].environ_vars,
            )
            for node in _by_script(nodes, found)
        }
        world: World = {}
        for node in nodes:
            declared, told = pipeline.nodes[node], read[node]
            needs = told.merged.requirements
            world[node] = NodeFacts(
                script=told.script,
                candidates=found[node].candidates,
                searched=found[node].searched,
                requirements=needs,
                drift=told.merged.drift,
                contract=told.contract,
                **self._seen(
                    node,
                    needs,
                    (*declared_paths(pipeline, node), *declared.outputs.values()),
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
        by_name: bool = True,
    ) -> World:
        """Facts for nodes that the session knows; their scripts are read again.

        With `by_name` all nodes are looked for by the name rules too, so that a script which
        comes first today is told; without it only those that have no script.
        """
        if not self.at_home(state):
            return self._unseen(state, particulars, nodes)
        wanted = asked or {}
        outside = forbidden(state, nodes, wanted, self._allowing)
        world = self._forbidden(state, particulars, outside)
        nodes = [node for node in nodes if node not in outside]
        anew = {node for node, want in wanted.items() if want.discover}
        # One that is external may run a script again by the time that what is asked is decided.
        scripted = [node for node in nodes if node in wanted or not state.nodes[node].external]
        lost = [n for n in scripted if n in anew or state.nodes[n].script is None]
        found = self._discover(scripted if by_name else lost, state.pipeline, state.settings)
        for node in scripted:
            want = wanted.get(node, NOTHING_ASKED)
            there = state.nodes[node]
            kept = None if node in anew or there.script is None else there.script.path
            discovery = self._as_it_is(
                found.get(node, NOT_FOUND), want.script or kept, bound=there.bound
            )
            spec = want.spec or there.spec or there.draft
            declared = state.declared(node)
            held = spec or declared
            told = self._told(discovery.script, declared, held.job_args, held.environ_vars)
            needs = told.merged.requirements
            paths = (*looked_at(state, node), *(spec.output_paths.values() if spec else ()))
            facts = NodeFacts(
                script=told.script,
                candidates=discovery.candidates,
                searched=discovery.searched,
                requirements=needs if told.script else particulars.needs(node),
                drift=told.merged.drift,
                contract=told.contract,
                written=written_before(state, particulars, node, told.script),
                reread=why_reread(particulars, node, told.script, needs) if told.script else None,
                **self._seen(
                    node,
                    needs,
                    (*paths, *want.paths),
                    source=not state.predecessors[node],
                    given=spec.input_paths if spec else None,
                    digest_up_to=digest_limit(state, particulars, node, digest_up_to),
                ),
                interpreter=self._interpreter(python_of(state, spec)),
            )
            world[node] = _with_changes(state, particulars, node, facts)
        return world

    def asked_below(
        self,
        state: SessionState,
        particulars: Particulars,
        node: NodeName,
        outputs: Iterable[WrittenOutput],
    ) -> World:
        """What decides the open questions of a node's consumers, now that its script has passed.

        Of the consumers outside the present run, and of all that may feed them; nothing where
        nobody is asked anything.
        """
        planned = state.running.plan.nodes if state.running else frozenset()
        asked = [
            below_
            for below_ in state.successors.get(node, ())
            if below_ in state.proposals and below_ not in planned
        ]
        if not asked:
            return {}
        above = (name for below_ in asked for name in state.predecessors.get(below_, ()))
        world = self.at(state, particulars, dict.fromkeys((*asked, *above, node)), by_name=False)
        world[node] = world[node].model_copy(update={"written": files_of(outputs)})
        return world

    def glance(
        self,
        state: SessionState,
        particulars: Particulars,
        nodes: Iterable[NodeName],
        *,
        digest_up_to: int | None = DIGEST_UP_TO,
    ) -> World:
        """What decides whether nodes are stale: script, paths, interpreter; needs are not read.

        What a passed attempt took or left is digested whatever its size, as the run did that
        it is held against; only a digest of the same content says that nothing has changed.
        """
        if not self.at_home(state):
            return self._unseen(state, particulars, nodes)
        outside = forbidden(state, nodes, {}, self._allowing)
        world = self._forbidden(state, particulars, outside)
        for node in nodes:
            there = state.nodes[node]
            if there.external or there.script is None or node in outside:
                continue
            world[node] = NodeFacts(
                script=self._catalog.inspect(there.script.path, roots=self._roots),
                paths=self._look(
                    looked_at(state, node), digest_up_to if there.passed is None else None
                ),
                interpreter=self._interpreter(python_of(state, there.spec)),
            )
        return world

    def _unseen(
        self, state: SessionState, particulars: Particulars, nodes: Iterable[NodeName]
    ) -> World:
        """What history holds of a session that is not at home."""
        folders = tuple(record(root, ".") for root in self._roots.places)
        forbidden = folders if self.is_outside(state) else ()
        return remembered(state, particulars, nodes, outside=forbidden)

    def _forbidden(
        self,
        state: SessionState,
        particulars: Particulars,
        outside: Mapping[NodeName, tuple[RecordedPath, ...]],
    ) -> World:
        """What history holds of nodes with a path that may not be touched."""
        world: World = {}
        for node, paths in outside.items():
            world |= remembered(state, particulars, (node,), outside=paths)
        return world

    def _as_it_is(self, found: Discovery, path: RecordedPath | None, *, bound: bool) -> Discovery:
        """The script at a path, whatever the name rules would take; without one what they take.

        A script that they took before, and that another one shadows now, is told; not so one
        that a person chose.
        """
        if path is None:
            return found
        if found.script is None or found.script.path == path or bound:
            same = found.script if found.script and found.script.path == path else None
            return Discovery(same or self._catalog.inspect(path, roots=self._roots))
        script = self._catalog.inspect(path, roots=self._roots)
        shadowed = (c for c in found.candidates if c.kind == "shadowed" and c.path == path)
        preferred = tuple(
            candidate.model_copy(update={"path": found.script.path, "kind": "preferred"})
            for candidate in shadowed
        )
        return Discovery(script, preferred if script else ())

    def _discover(
        self,
        nodes: Sequence[NodeName],
        pipeline: PipelineDeclaration,
        settings: SessionSettings,
    ) -> dict[NodeName, Discovery]:
        find, roots = self._catalog.discover, self._roots
        return find(nodes, pipeline=pipeline, settings=settings, roots=roots) if nodes else {}

    def _told(
        self,
        script: ScriptInfo | None,
        declared: NodeDeclaration,
        job_args: Values,
        environ_vars: Values,
    ) -> Told:
        """What code, contract and pipeline say of a node's needs."""
        if script is None:
            return Told(None, Merged(ScriptRequirements()))
        code = self._catalog.requirements(
            script, roots=self._roots, job_args=job_args, environ_vars=environ_vars
        )
        contract = self._catalog.contract(script, roots=self._roots)
        problems = contract.problems if contract else unknown_names(script, declared, code)
        if problems:
            problems = (*script.problems, *problems)
            script = script.model_copy(update={"problems": problems})
        if contract is None:
            return Told(script, merge(declared, code))
        return Told(script, merge(declared, code, contract.requirements), contract.path)

    def _seen(
        self,
        node: NodeName,
        needs: ScriptRequirements,
        paths: Iterable[RecordedPath],
        *,
        source: bool,
        given: Mapping[str, RecordedPath] | None = None,
        digest_up_to: int | None = DIGEST_UP_TO,
    ) -> Seen:
        usual = conventional(node, needs, given or {}, source=source)
        looked = self._look((*paths, *(path for _, path in usual)), digest_up_to)
        found: dict[str, RecordedPath] = {}
        for name, path in usual:
            if looked[path].kind is not None and not looked[path].empty:
                found.setdefault(name, path)
        return {"paths": looked, "found": found}

    def _look(
        self, paths: Iterable[RecordedPath], digest_up_to: int | None
    ) -> dict[RecordedPath, PathFacts]:
        """Facts about each path; below a root that this host does not know nothing lies.

        Such is the folder of a fork's ancestor that ran on another host.
        """
        places = self._roots.places
        wanted = dict.fromkeys(paths)
        unknown = [path for path in wanted if split(path)[0] not in {ABSOLUTE, *places}]
        for path in unknown:
            del wanted[path]
        found = self._inspector.look(wanted, roots=self._roots, digest_up_to=digest_up_to)
        return {**found, **{path: PathFacts(path=path, writable=False) for path in unknown}}

    def _interpreter(self, python: str | None) -> InterpreterFacts:
        return self._inspector.interpreter(python, roots=self._roots)


def _with_changes(
    state: SessionState, particulars: Particulars, node: NodeName, facts: NodeFacts
) -> NodeFacts:
    """The facts, with what differs in them from what history saw last."""
    changes = noticed(
        state,
        node,
        facts,
        evidence=particulars.evidence.get(node, ()),
        script=particulars.scripts.get(node),
    )
    return facts.model_copy(update={"changes": changes}) if changes else facts


def _by_script(nodes: Iterable[NodeName], found: Mapping[NodeName, Discovery]) -> list[NodeName]:
    """Nodes of one script behind each other, so that it is at hand for all of them."""
    places = {node: script.path if (script := found[node].script) else "" for node in nodes}
    return sorted(places, key=lambda node: places[node])
