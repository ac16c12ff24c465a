"""What readers want of history beyond the small state: needs and evidence, node by node."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from runthrough.core.events import (
    DataFlowChecked,
    EventEnvelope,
    NodeDiscovered,
    PipelineChanged,
    RequirementsRead,
    ScriptAutoConfigured,
    ScriptBound,
    ScriptConfigured,
    ScriptExecuted,
    SessionForked,
    WorldChanged,
)
from runthrough.core.values.facts import MODULE, Evidence, WorldChange
from runthrough.core.values.ids import NodeName, SessionId
from runthrough.core.values.outcomes import FILES_NAMED, WrittenOutput
from runthrough.core.values.paths import inherited
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import ScriptInfo

NO_NEEDS = ScriptRequirements()
_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True)
class Table:
    """The size of a table, as far as it could be read."""

    rows: int | None = None
    columns: int | None = None


def output_place(output: str, subpath: str | None) -> str:
    """An output, or the part of it that is meant."""
    return f"{output}/{subpath}" if subpath else output


@dataclass(slots=True)
class Particulars:
    """Folded beside the state; holds the latest of each kind."""

    scripts: dict[NodeName, ScriptInfo] = field(default_factory=dict)
    requirements: dict[NodeName, ScriptRequirements] = field(default_factory=dict)
    drift: dict[NodeName, tuple[str, ...]] = field(default_factory=dict)
    evidence: dict[NodeName, tuple[Evidence, ...]] = field(default_factory=dict)
    written: dict[NodeName, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """Output → the files that the last passed attempt wrote into that folder."""
    tables: dict[NodeName, dict[str, Table]] = field(default_factory=dict)
    """Output, with `/subpath` behind it for a part → the size of the table that was found in it
    when its connections were checked."""

    def take(  # noqa: C901, PLR0912 - one case a kind of event
        self, envelopes: Iterable[EventEnvelope]
    ) -> None:
        """Fold events, in order."""
        for envelope in envelopes:
            event = envelope.event
            match event:  # most frequent first, as in `evolve`
                case ScriptAutoConfigured() | ScriptConfigured():
                    self.evidence[event.node] = event.evidence
                case NodeDiscovered():
                    self.scripts.pop(event.node, None)
                    self.requirements.pop(event.node, None)
                    self.drift.pop(event.node, None)
                    self.written.pop(event.node, None)
                    if event.script is not None:
                        self.scripts[event.node] = event.script
                case ScriptBound():
                    self.scripts[event.node] = event.script
                    self.written.pop(event.node, None)
                case RequirementsRead():
                    self.requirements[event.node] = event.requirements
                    self.drift[event.node] = event.drift
                case WorldChanged():
                    for change in event.changes:
                        self._take_change(event.node, change)
                case ScriptExecuted(outcome="passed"):
                    self.written[event.node] = files_of(event.outputs)
                    self.tables.pop(event.node, None)
                case DataFlowChecked():
                    self._take_table(event)
                case PipelineChanged():
                    self._rename(event)
                case SessionForked():
                    self._inherit(event.parent)
                case _:
                    pass  # the other kinds tell nothing that the state does not keep

    def needs(self, node: NodeName) -> ScriptRequirements:
        """What the node's script needs, as last read; empty where it has no script."""
        return self.requirements.get(node, NO_NEEDS)

    def holds(self, node: NodeName, change: WorldChange) -> bool:
        """Whether history has it already that something has become what a look found."""
        script, found = self.scripts.get(node), change.evidence
        if found is not None:
            held = (e for e in self.evidence.get(node, ()) if _same_part(e, found))
            return any(e.model_copy(update={"source": found.source}) == found for e in held)
        if script is None or change.part == "missing":
            return False
        if change.part == "script":
            return script.digest == change.new
        return script.modules.get(change.name.removeprefix(MODULE)) == change.new

    def _take_change(self, node: NodeName, change: WorldChange) -> None:
        """From now on what was found is what the next look is held against."""
        script = self.scripts.get(node)
        if change.evidence is not None:
            found = change.evidence
            kept = (e for e in self.evidence.get(node, ()) if not _same_part(e, found))
            self.evidence[node] = (*kept, found)
        elif script is not None and change.new is not None and change.part == "script":
            self.scripts[node] = script.model_copy(update={"digest": change.new})
        elif script is not None and change.part == "module":
            name = change.name.removeprefix(MODULE)
            modules = {n: digest for n, digest in script.modules.items() if n != name}
            if change.new is not None:
                modules[name] = change.new
            self.scripts[node] = script.model_copy(update={"modules": modules})

    def _rename(self, event: PipelineChanged) -> None:
        """Nodes keep what is known of them under their new names; what is gone is forgotten."""
        self.scripts = _renamed(self.scripts, event)
        self.requirements = _renamed(self.requirements, event)
        self.drift = _renamed(self.drift, event)
        self.evidence = _renamed(self.evidence, event)
        self.written = _renamed(self.written, event)
        self.tables = _renamed(self.tables, event)

    def _take_table(self, event: DataFlowChecked) -> None:
        """Keep how large a table is that was looked into."""
        edge, result = event.edge, event.result
        if result.rows is None and result.columns is None:
            return
        columns = None if result.columns is None else len(result.columns)
        place = output_place(edge.output, edge.subpath)
        self.tables.setdefault(edge.from_node, {})[place] = Table(result.rows, columns)

    def _inherit(self, parent: SessionId) -> None:
        """What lay in the parent's own folder lies there still."""
        for node, held in self.evidence.items():
            self.evidence[node] = tuple(
                seen.model_copy(update={"path": inherited(seen.path, parent)})
                if seen.path is not None
                else seen
                for seen in held
            )


def _same_part(one: Evidence, other: Evidence) -> bool:
    return (one.kind, one.name) == (other.kind, other.name)


def _renamed(kept: dict[NodeName, _Kept], event: PipelineChanged) -> dict[NodeName, _Kept]:
    gone = frozenset(event.removed)
    return {event.renamed.get(n, n): value for n, value in kept.items() if n not in gone}


def files_of(outputs: Iterable[WrittenOutput]) -> dict[str, tuple[str, ...]]:
    """What was written into each folder of an attempt's outputs."""
    return {
        # Beyond the names that were kept there may be anything.
        output.name: (*output.files, "**") if len(output.files) >= FILES_NAMED else output.files
        for output in outputs
        if output.files
    }
