"""A session's commands one after the other, by several people, in a world that may change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tests.support.builders import SESSION, STARTED_AT, file_at, metadata, node_facts, nothing_at
from tests.support.invariants import assert_sound, fold_by_the_table

from runthrough.core.commands import Command, RedoConfiguration, UndoConfiguration
from runthrough.core.decide import decide
from runthrough.core.events import Event, EventEnvelope, PipelineChanged
from runthrough.core.evolve import replay
from runthrough.core.standing import standing
from runthrough.core.state import SessionState
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import CommandId, NodeName, RecordedPath, Version
from runthrough.core.values.requirements import Requirement
from runthrough.core.values.scripts import ScriptInfo

__all__ = ["Diary", "Land", "configuration"]


@dataclass
class Land:
    """The world that is looked at: scripts by path, files, and what the names of nodes mean."""

    scripts: dict[RecordedPath, tuple[ScriptInfo, tuple[Requirement, ...]]]
    named: dict[str, RecordedPath]
    """Node → the script that the name rules take."""
    files: dict[str, bool] = field(default_factory=dict)
    """Path → whether a file is there."""
    found: dict[str, dict[str, str]] = field(default_factory=dict)
    """Node → input → path by convention, where a file is there."""

    def look(self, standing_at: Mapping[str, RecordedPath | None]) -> dict[NodeName, NodeFacts]:
        """Facts of nodes, each with the script that it runs, or else the one of its name."""
        return {NodeName(node): self._facts(node, path) for node, path in standing_at.items()}

    def _facts(self, node: str, path: RecordedPath | None) -> NodeFacts:
        script, needs = self.scripts.get(path or self.named.get(node, ""), (None, ()))
        paths = [file_at(p) if there else nothing_at(p) for p, there in self.files.items()]
        found = {
            name: RecordedPath(path)
            for name, path in self.found.get(node, {}).items()
            if self.files.get(path)
        }
        return node_facts(*needs, script=script, paths=paths, found=found)


@dataclass
class Diary:
    """All that happened in a session; each command's events have its id and its actor."""

    land: Land
    written: list[EventEnvelope] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    """Versions with which a command was through."""

    @property
    def state(self) -> SessionState:
        """The session as it stands, folded anew."""
        return self.as_of(len(self.written))

    def as_of(self, version: int) -> SessionState:
        """The session as it stood."""
        return replay(self.written[:version], SessionState(SESSION))

    def do(self, command: Command, actor: str = "ann") -> tuple[Event, ...]:
        """Let somebody command; what is refused raises and is not written down."""
        state = self.state
        events = decide(command, state)
        assert state == self.state, "the decision changed the state that it was given"
        self.write(*events, actor=actor)
        for envelope in self.written[state.version :]:
            fold_by_the_table(state, envelope)
        assert_sound(state)
        return events

    def write(self, *events: Event, actor: str = "ann") -> None:
        """Write down the events of one command."""
        command = CommandId(f"command after {len(self.written)}")
        for event in events:
            version = len(self.written) + 1
            told = replace(metadata(version, actor), command_id=command, recorded_at=STARTED_AT)
            self.written.append(
                EventEnvelope(version, SESSION, Version(version), event, told, f"{version:064x}")
            )
        self.whole.append(len(self.written))

    def world(self) -> dict[NodeName, NodeFacts]:
        """What a look at all nodes brings."""
        nodes = self.state.nodes
        return self.land.look({n: t.script and t.script.path for n, t in nodes.items()})

    def undo(
        self, to: int | None = None, *, actor: str = "ann", anyone: bool = False
    ) -> tuple[Event, ...]:
        """Take back the last action, or all since a version."""
        state = self.state
        if to is None:
            to = state.actions[-1].version - 1 if state.actions else state.version
        return self.do(self.undoing(to, actor=actor, anyone=anyone), actor)

    def undoing(self, to: int, *, actor: str = "ann", anyone: bool = False) -> UndoConfiguration:
        """The command that takes back all since a version, as things are now."""
        then = self.as_of(to if 0 < to <= len(self.written) else len(self.written))
        return UndoConfiguration(
            to_version=Version(to),
            versions=tuple(a.version for a in self.state.actions if a.version > to),
            actor=actor,
            anyone=anyone,
            renamed=self._renamed(then.version),
            stood=standing(then),
            facts=self._world_of(then),
        )

    def redo(self, *, actor: str = "ann") -> tuple[Event, ...]:
        """Do again what the last undo took back."""
        return self.do(self.redoing(), actor)

    def redoing(self) -> RedoConfiguration:
        """The command that does again what the last undo took back, as things are now."""
        undos = self.state.taken_back
        undo = undos[-1].version if undos else Version(self.state.version)
        then = self.as_of(undo - 1)
        return RedoConfiguration(
            to_version=then.version,
            undo=undo,
            renamed=self._renamed(then.version),
            stood=standing(then),
            facts=self._world_of(then),
        )

    def _world_of(self, then: SessionState) -> dict[NodeName, NodeFacts]:
        return self.land.look({n: t.script and t.script.path for n, t in then.nodes.items()})

    def _renamed(self, since: int) -> dict[NodeName, NodeName]:
        names = {node: node for node in self.as_of(since).nodes}
        for envelope in self.written[since:]:
            if isinstance(envelope.event, PipelineChanged):
                renamed, gone = envelope.event.renamed, envelope.event.removed
                names = {
                    then: renamed.get(now, now) for then, now in names.items() if now not in gone
                }
        return {now: then for then, now in names.items() if now != then}


def configuration(state: SessionState, nodes: Iterable[str] | None = None) -> dict[str, object]:
    """All that is configured, but for what a run changes: node by node, and the pipeline.

    Of what a person is asked the question counts: its scores may move, with nothing asked anew.
    """
    told: dict[str, object] = {"pipeline": state.pipeline}
    for node, there in state.nodes.items():
        if nodes is not None and node not in nodes:
            continue
        told[node] = {
            "external": there.external and dict(there.external_outputs),
            "script": there.script,
            "bound": there.bound and not there.external,
            "spec": there.spec,
            "draft": there.draft,
            "by": there.configured_by,
            "of a person": "person" in {there.configured_by, there.restores_to},
            "needs": {(need.code, need.where) for need in there.needs},
            "connections": dict(state.connections.get(node, {})),
            "proposals": {
                name: (asked.source, asked.subpath_choices, asked.expected, asked.outside)
                for name, asked in state.proposals.get(node, {}).items()
            },
            "rejected": frozenset(state.rejected.get(node, ())),
            "above": frozenset(state.predecessors.get(node, ())),
            "below": frozenset(state.successors.get(node, ())),
        }
    return told
