"""What readers want of history beyond the small state: needs and evidence, node by node."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from runthrough.core.events import (
    EventEnvelope,
    NodeDiscovered,
    RequirementsRead,
    ScriptAutoConfigured,
    ScriptBound,
    ScriptConfigured,
    ScriptExecuted,
)
from runthrough.core.values.facts import Evidence
from runthrough.core.values.ids import NodeName
from runthrough.core.values.outcomes import FILES_NAMED, WrittenOutput
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import ScriptInfo

NO_NEEDS = ScriptRequirements()


@dataclass(slots=True)
class Particulars:
    """Folded beside the state; holds the latest of each kind."""

    scripts: dict[NodeName, ScriptInfo] = field(default_factory=dict)
    requirements: dict[NodeName, ScriptRequirements] = field(default_factory=dict)
    drift: dict[NodeName, tuple[str, ...]] = field(default_factory=dict)
    evidence: dict[NodeName, tuple[Evidence, ...]] = field(default_factory=dict)
    written: dict[NodeName, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """Output → the files that the last passed attempt wrote into that folder."""

    def take(self, envelopes: Iterable[EventEnvelope]) -> None:
        """Fold events, in order."""
        for envelope in envelopes:
            event = envelope.event
            match event:
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
                case ScriptAutoConfigured() | ScriptConfigured():
                    self.evidence[event.node] = event.evidence
                case ScriptExecuted(outcome="passed"):
                    self.written[event.node] = files_of(event.outputs)
                case _:
                    pass  # the other kinds tell nothing that the state does not keep

    def needs(self, node: NodeName) -> ScriptRequirements:
        """What the node's script needs, as last read; empty where it has no script."""
        return self.requirements.get(node, NO_NEEDS)


def files_of(outputs: Iterable[WrittenOutput]) -> dict[str, tuple[str, ...]]:
    """What was written into each folder of an attempt's outputs."""
    return {
        # Beyond the names that were kept there may be anything.
        output.name: (*output.files, "**") if len(output.files) >= FILES_NAMED else output.files
        for output in outputs
        if output.files
    }
