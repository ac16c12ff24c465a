"""A session that two people share, beside what plain dictionaries say of it."""

import shutil
from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from pathlib import Path

from tests.support.handling import handler_over
from tests.support.invariants import fold_by_the_table
from tests.support.meanwhile import MeanwhileStore
from tests.support.pipelines import Place
from tests.support.shared_views import (
    UNCHANGING,
    Key,
    changed,
    concerns,
    flat,
    values_of,
    wires_of,
)
from tests.support.sheets import DECLARED, EDGES, FOUND, INPUTS, ROW, Refused, Sheet
from tests.support.stored import HOST, Stores
from tests.support.testers import Machine, Studio
from uuid_utils import uuid7

from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.inspection import LocalInspector
from runthrough.adapters.runners.interpreters import python_version
from runthrough.application.looking import Looking, World
from runthrough.application.session import Session
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.state import SessionState
from runthrough.core.values.ids import SessionId
from runthrough.core.values.paths import Roots
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.store import Checkpoint
from runthrough.core.views.loaded import Loaded
from runthrough.errors import RunthroughError, SessionError

PEOPLE = ("ann", "bob")
SOURCES = {
    "load": 'write("table", open(input_paths["raw"]).read())',
    "train": 'write("weights", open(input_paths["table"]).read() * job_args.depth)',
    "score": 'write("report", open(input_paths["scored"]).read() + environ_vars["MODE"])',
    "aside": 'write("aside", str(job_args.depth))',
    "other": 'write("aside", str(job_args.depth) + environ_vars["PACE"])',
    "extra": 'write("extra", str(job_args.depth))',
}
FILES = {
    "data/one.csv": "a,b\n1,2\n",
    "data/two.csv": "a,b\n3,4\n",
    "outside.csv": "a,b\n5,6\n",
    "model.csv": "w\n7\n",
    FOUND: None,
}
"""What lies in the workspace at first."""


def source_of(line: str) -> str:
    """A script with one line of its own."""
    return f"""
    def main(input_paths, output_paths, environ_vars, job_args):
        {line.replace("write(", "open(output_paths[", 1).replace('", ', '"], "w").write(', 1)}
    """


@dataclass
class Workshop:
    """Two people with ports of their own, over one database and one folder."""

    place: Place
    stores: Stores

    def __post_init__(self) -> None:
        for name, line in SOURCES.items():
            self.place.script(name, source_of(line))
        self.studio = Studio(self.place, self.stores)
        self.doors = {actor: MeanwhileStore(self.stores.events) for actor in PEOPLE}
        self.living = {Machine().pid}
        """Processes: this one, and testers who drive runs."""
        hosts = Machine(living=self.living)
        self.sessions = {
            actor: self.studio.sessions(actor, store=self.doors[actor], hosts=hosts)
            for actor in PEOPLE
        }
        self.handler = handler_over(self.stores.events, snapshots=self.stores.snapshots)
        """Of whoever drives a run."""
        self.catalog, self.inspector = StepCatalog(), LocalInspector(probe=python_version)
        self.files: dict[str, str | None] = {}
        self.verified: Checkpoint | None = None

    def tidy(self) -> None:
        """Let the workspace be as it was at first."""
        shutil.rmtree(self.place.workspace / ".runthrough", ignore_errors=True)
        for name, content in FILES.items():
            self.put(name, content)

    def put(self, name: str, content: str | None) -> None:
        """Let a file be there with that content, or not at all."""
        self.files[name] = content
        if content is not None:
            self.place.file(f"workspace/{name}", content)
        else:
            (self.place.workspace / name).unlink(missing_ok=True)

    def verify(self) -> None:
        """The chain holds from where it was last verified, to its end."""
        verdict = self.stores.audit.verify(since=self.verified)
        assert verdict.ok
        at = self.studio.watch.now
        self.verified = Checkpoint(verdict.head_position, verdict.log_hash, at, "0")

    def start(self) -> "Branch":
        """Begin a session that ann has started and bob has opened."""
        session = self.sessions["ann"].start(
            self.pipeline({"Aside": None}),
            name=f"shared-{uuid7()}",
            workspaces=(str(self.place.workspace),),
        )
        sheet = Sheet()
        sheet.settle_all(self.files)
        return self.branch(session.session_id, sheet, SessionState(session.session_id))

    def pipeline(self, declared: Mapping[str, int | None]) -> PipelineDefinition:
        """The pipeline with these nodes beside the three in a row, and the depths it says."""
        further = {
            node: NodeDeclaration(
                script=f"workspace:scripts/{DECLARED[node]}.py",
                job_args={} if depth is None else {"depth": depth},
            )
            for node, depth in declared.items()
        }
        row = {node: NodeDeclaration() for node in ROW}
        told = PipelineDeclaration(name="shared", nodes={**row, **further}, edges=EDGES)
        return PipelineDefinition(told, str(self.place.folder))

    def branch(self, session_id: SessionId, sheet: Sheet, state: SessionState) -> "Branch":
        """A session as both people open it; `state` is what was folded of it already."""
        seats = {actor: self.sessions[actor].open(session_id) for actor in PEOPLE}
        branch = Branch(self, session_id, seats, sheet, state)
        branch.absorb()
        branch.check()
        return branch


@dataclass(frozen=True)
class Moment:
    """A session when a command had just ended."""

    sheet: Sheet
    state: SessionState
    concerned: Mapping[str, int]
    """Node → the last version that a person who changes it should know."""


@dataclass
class Branch:
    """One session: what two people see, what the log says, and what it should be."""

    shop: Workshop
    session_id: SessionId
    seats: Mapping[str, Session]
    sheet: Sheet
    state: SessionState
    """All events, folded one by one without any snapshot."""
    concerned: dict[str, int] = field(default_factory=dict)
    moments: dict[int, Moment] = field(default_factory=dict)
    """By version."""
    done: list[tuple[int, str]] = field(default_factory=list)
    """First version and actor of each action that nobody took back."""
    undone: list[tuple[int, list[tuple[int, str]]]] = field(default_factory=list)
    """First version of each undo that may be done again, and what it took back."""
    said: dict[Key, str] = field(default_factory=dict)
    """Value → who gave it or took it away last."""
    told: dict[Key, str] = field(default_factory=dict)
    """The same by the log."""
    closed: bool = False
    planned: frozenset[str] = frozenset()
    """The nodes that the present run has to itself."""
    tester: Loaded | None = None
    """The session as whoever drives its run knows it."""
    ghosts: list[tuple[Loaded, str]] = field(default_factory=list)
    """Testers whose run was closed when they were gone, and what they had been at."""

    @property
    def version(self) -> int:
        """Of the last event that was folded."""
        return self.state.version

    def absorb(self) -> frozenset[str]:
        """Fold what one command left; versions have no holes, and states follow the table.

        The types of its events are returned.
        """
        before = values_of(self.state)
        new = list(self.shop.stores.events.read(self.session_id, after=self.version))
        for envelope in new:
            assert (envelope.session_id, envelope.version) == (self.session_id, self.version + 1)
            fold_by_the_table(self.state, envelope)
            for node in concerns(envelope, self.state):
                self.concerned[node] = envelope.version
        for key in changed(before, values_of(self.state)):
            self.told[key] = new[-1].metadata.actor
        return frozenset(envelope.event.type for envelope in new)

    def check(self) -> None:
        """What the log says is what the dictionaries say."""
        state, sheet = self.state, self.sheet
        assert values_of(state) == flat(sheet.values)
        assert {n: s.external_outputs for n, s in state.nodes.items() if s.external} == {
            node: {name: f"workspace:{path}" for name, path in outputs.items()}
            for node, outputs in sheet.outside.items()
        }
        scripts = {n: s.script.name for n, s in state.nodes.items() if s.script}
        assert scripts == {n: s for n, s in sheet.scripts.items() if n not in sheet.outside}
        assert {n for n, s in state.nodes.items() if s.bound and not s.external} == sheet.bound
        assert wires_of(state) == sheet.wires
        assert {n: set(p) for n, p in state.proposals.items()} == {
            node: {INPUTS[node]} for node in sheet.asked
        }
        assert {n for n, old in state.rejected.items() if old} == sheet.rejected
        assert self.told == self.said
        self.moments[self.version] = Moment(sheet.copy(), deepcopy(state), dict(self.concerned))

    def check_accepted(self) -> None:
        """After all was looked at, just those nodes wait for a person that lack something."""
        files = self.shop.files
        waiting = {n for n, s in self.state.nodes.items() if not s.external and s.spec is None}
        assert waiting == {node for node in self.sheet.values if self.sheet.lacks(node, files)}

    @property
    def reverted_at(self) -> int:
        """First version of the last undo, or redo."""
        return max(version for version in self.moments if version < self.version) + 1

    def check_fingerprints(self, version: int) -> None:
        """Each passed attempt counts as having depended on what it did then."""
        for node, then in self.moments[version].state.nodes.items():
            now = self.state.nodes[node].passed
            if then.passed and now and then.passed.attempt == now.attempt:
                assert now.fingerprint == then.passed.fingerprint

    def write(self, path: str, content: str) -> str | None:
        """Leave a file at a recorded path; its digest."""
        roots = self.roots()
        place = Path(roots.locate(path))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
        return self.shop.inspector.look((path,), roots=roots, digest_up_to=None)[path].digest

    def look(self) -> None:
        """Both people look again, and see the same: what the log says, and can be undone."""
        actions, taken_back = self.state.actions, self.state.taken_back
        assert [(action.version, action.actor) for action in actions] == self.done
        assert [undo.version for undo in taken_back] == [version for version, _ in self.undone]
        views = []
        for session in self.seats.values():
            session.refresh()
            assert session.state == self.state
            views.append(session.status())
        assert views[0] == views[1]

    def look_back(self, version: int) -> None:
        """The session as of a version is what was seen then."""
        seen = self.moments[version].state
        assert self.shop.sessions["bob"].open_at(self.session_id, version).state == seen

    def look_back_to(self, at: datetime) -> None:
        """The session as of a time is what came before the first event after it."""
        log = self.shop.stores.events.read(self.session_id)
        before = len(list(takewhile(lambda e: e.metadata.recorded_at <= at, log)))
        try:
            found = self.shop.sessions["bob"].open_at(self.session_id, at).version
        except SessionError:
            found = 0
        assert found == before

    def replay(self) -> None:
        """From whatever snapshots there are, replay leads to what was seen at each version."""
        for version, moment in self.moments.items():
            loaded = self.shop.handler.load(self.session_id, upto=version)
            assert loaded.state == moment.state

    def act(
        self,
        actor: str,
        do: Callable[[Session], object],
        predict: Callable[[Sheet], object],
        *,
        action: bool = True,
        meanwhile: Callable[[], object] | None = None,
    ) -> str:
        """Let a person do something, and the dictionaries say what comes of it; the error.

        An `action` can be undone. `meanwhile` is what another one does just before it is
        recorded.
        """
        self.shop.studio.watch.pass_by(1)
        door = self.shop.doors[actor]
        door.meanwhile, error = meanwhile, ""
        try:
            do(self.seats[actor])
        except RunthroughError as raised:
            error = type(raised).__name__
        door.meanwhile = None  # what was refused before it was recorded was not overtaken
        before, after = flat(self.sheet.values), self.version
        assert error == self._expected(predict)
        for key in changed(before, flat(self.sheet.values)):
            self.said[key] = actor
        types = self.absorb()
        self.check()
        if action and types - UNCHANGING:
            self.done.append((after + 1, actor))
            self.undone.clear()
        return error

    def _expected(self, predict: Callable[[Sheet], object]) -> str:
        """The error that the dictionaries expect; empty where there should be none."""
        try:
            predict(self.sheet)
        except Refused as refused:
            return refused.error
        return ""

    def allow(self, nodes: Collection[str] = ()) -> None:
        """Refuse what cannot be done to a closed session, or beside a run that is at the nodes.

        Without a node it is about all of them.
        """
        if self.closed:
            raise Refused("SessionClosedError")
        if self.planned and (not nodes or self.planned & set(nodes)):
            raise Refused("RunInProgressError")

    @property
    def has_passed(self) -> bool:
        """Whether an attempt at some node has."""
        return any(node.passed for node in self.state.nodes.values())

    def close_run_of_the_dead(self) -> None:
        """Whoever goes on closes what a dead tester left open."""
        run = self.state.running
        if self.planned and run.holder.pid not in self.shop.living:
            self.ghosts.append((self.tester, run.run))
            self.planned = frozenset()

    def fork(self, actor: str, version: int) -> "Branch":
        """Go on from a version in a session of its own."""
        then = self.moments[version]
        shop = self.shop
        made = shop.sessions[actor].fork(self.session_id, at=version, name=f"fork-{uuid7()}")
        return shop.branch(made.session_id, then.sheet.copy(), deepcopy(then.state))

    def roots(self) -> Roots:
        """Where the session's folders lie."""
        return Roots(self.shop.stores.directory.roots_of(self.session_id, host=HOST))

    def world(self, loaded: Loaded) -> World:
        """What a run sees of all nodes before it begins."""
        looking = Looking(self.shop.catalog, self.shop.inspector, self.roots())
        state = loaded.state
        return looking.at(state, loaded.particulars, state.nodes, digest_up_to=None)
