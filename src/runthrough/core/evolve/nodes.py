"""What events do to one node: its lifecycle, its script, its configuration."""

from collections.abc import Iterable

from runthrough.core.events import (
    ConfigurationDrafted,
    EventEnvelope,
    NodeDiscovered,
    NodeMarkedExternal,
    ScriptBound,
    ScriptMarkedPending,
)
from runthrough.core.lifecycle import LEADS_TO, Lifecycle, Trigger
from runthrough.core.state import (
    ConfiguredBy,
    NodeState,
    ScriptIdentity,
    SessionState,
)
from runthrough.core.values.ids import NodeName
from runthrough.core.values.scripts import ScriptInfo
from runthrough.core.values.specs import ScriptSpec


def node_of(state: SessionState, name: NodeName) -> NodeState:
    """The node of that name, made where there is none."""
    return state.nodes.setdefault(name, NodeState())


def enter(state: SessionState, name: NodeName, trigger: Trigger) -> NodeState:
    """Let a node go where a trigger leads."""
    node = node_of(state, name)
    node.state = Lifecycle(LEADS_TO[trigger])
    return node


def identity_of(script: ScriptInfo) -> ScriptIdentity:
    """The part of a script's facts that state keeps."""
    return ScriptIdentity(
        script.name,
        script.path,
        script.package_root,
        script.module,
        script.has_main,
    )


def discovered(state: SessionState, event: NodeDiscovered) -> None:
    """A script was looked for, whatever was known of the node before."""
    node = enter(state, event.node, "discover")
    node.external = False
    node.external_outputs = {}
    if node.script is not None:  # what was answered for another script says nothing of this one
        node.draft = node.restores_to = None
    node.script, node.bound = identity_of(event.script) if event.script else None, False
    node.spec = node.configured_by = None
    node.accepted_at = node.accepted_by = None
    node.needs = ()


def bound(state: SessionState, event: ScriptBound) -> None:
    """What was answered for the script before is the draft that the next decision begins with."""
    node = enter(state, event.node, "discover")
    if node.configured_by is not None:
        node.restores_to = node.configured_by
    node.draft = node.spec or node.draft
    node.script, node.bound = identity_of(event.script), True
    node.spec = node.configured_by = None
    node.needs = ()


def cleared(state: SessionState, name: NodeName) -> None:
    """Nothing is answered for the node any more; an external one stays what it is."""
    there = node_of(state, name)
    if not there.external:
        enter(state, name, "clear")
    there.spec = there.draft = there.configured_by = there.restores_to = None
    there.accepted_at = there.accepted_by = None
    there.needs = ()
    state.rejected.pop(name, None)
    state.proposals.pop(name, None)


def marked_external(state: SessionState, event: NodeMarkedExternal) -> None:
    """The node stands for something outside; what was answered is its draft."""
    node = node_of(state, event.node)
    node.state = None
    node.external = True
    node.external_outputs = dict(event.outputs)
    node.draft = node.spec or node.draft
    if node.configured_by is not None:
        node.restores_to = node.configured_by
    node.spec = node.configured_by = node.script = None
    node.needs = ()
    state.connections.pop(event.node, None)
    state.proposals.pop(event.node, None)


def answered(state: SessionState, node: NodeName, inputs: Iterable[str]) -> None:
    """What something feeds is no longer asked about."""
    asked = state.proposals.get(node)
    if asked is None:
        return
    for name in inputs:
        asked.pop(name, None)
    if not asked:
        del state.proposals[node]


def accepted(
    state: SessionState,
    envelope: EventEnvelope,
    name: NodeName,
    spec: ScriptSpec,
    by: ConfiguredBy,
    *,
    restored: bool = False,
) -> None:
    """A configuration holds."""
    if restored:
        trigger: Trigger = "restore_auto" if by == "auto" else "restore_configured"
    else:
        trigger = "auto_configure" if by == "auto" else "configure"
    node = enter(state, name, trigger)
    answered(state, name, spec.input_paths)
    node.spec = spec
    node.draft = node.restores_to = None
    node.configured_by = by
    node.needs = ()
    if not restored or node.accepted_at is None:
        node.accepted_at = envelope.metadata.recorded_at
        node.accepted_by = envelope.metadata.actor


def drafted(state: SessionState, event: ConfigurationDrafted) -> None:
    """A person's partial answer is the draft."""
    node = enter(state, event.node, "draft")
    answered(state, event.node, event.draft.input_paths)
    node.draft, node.needs = event.draft, event.needs
    node.restores_to = "person"


def marked_pending(state: SessionState, event: ScriptMarkedPending) -> None:
    """The node needs a person; what was accepted is its draft."""
    node = enter(state, event.node, "require_configuration")
    if node.configured_by is not None:
        node.restores_to = node.configured_by
    node.spec = node.configured_by = None
    node.draft, node.needs = event.draft, event.needs
