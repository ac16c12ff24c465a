"""Taking back what was done to the configuration, and doing it again (DESIGN § 9)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from runthrough.core.commands import RedoConfiguration, UndoConfiguration
from runthrough.core.decide.repiping import pipeline_change
from runthrough.core.decide.restoring import restore
from runthrough.core.decide.rewiring import removed
from runthrough.core.decide.surroundings import Surroundings
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import ConfigurationReverted, Event, ReuseAccepted
from runthrough.core.evolve.actions import ACTIONS_KEPT
from runthrough.core.standing import accepted_otherwise, answered_alike, renamed, standing
from runthrough.core.state import Action, SessionState
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.values.standing import Standing, StandingNode
from runthrough.errors import CommandRefusedError

NAMED = 3
"""So many actions are told one by one in a refusal; a longer list is read in the history."""
NAMED_NODES = 5
"""So many nodes of an action are named: enough to know what it was about."""
_HISTORY = "runthrough history"
_DONE: Mapping[str, str] = {
    "PipelineChanged": "updated the pipeline",
    "ScriptBound": "bound a script to",
    "NodeMarkedExternal": "marked as external",
    "NodeMarkedInternal": "marked as internal",
    "ConnectionConfirmed": "connected",
    "ConnectionRejected": "rejected a connection of",
    "ConfigurationDrafted": "answered in part",
    "ScriptConfigured": "configured",
    "ConfigurationCleared": "cleared",
    "ReuseAccepted": "accepted as unchanged",
}
"""What an action of that type did, before the names of its nodes."""


def undo(command: UndoConfiguration, state: SessionState) -> tuple[Event, ...]:
    """Bring back the configuration of a version, as far as the world allows.

    Raises:
        CommandRefusedError: There is no such version to go back to, nothing to take back, an
            action of somebody else among it, or somebody acted meanwhile.
    """
    to = command.to_version
    _refuse_place(to, state)
    taken = [action for action in state.actions if action.version > to]
    known = {action.version for action in state.actions}
    _refuse_meanwhile(
        [action for action in taken if action.version not in command.versions],
        gone=any(version not in known for version in command.versions),
        state=state,
    )
    if not command.anyone:
        _refuse_foreign(command, taken, state)
    comparison = Comparison(state, command.stood, command.renamed)
    if not taken and comparison.equal:
        raise _nothing_to_undo(to, state)
    if not taken and not command.anyone:
        raise CommandRefusedError(
            f"The configuration is another one than at version {to}, but no action since then is "
            "known that could be taken back.",
            fix=f"runthrough undo --to {to} --anyone, to go back whoever changed it",
        )
    return _reverted(command, state, comparison, command.versions)


def redo(command: RedoConfiguration, state: SessionState) -> tuple[Event, ...]:
    """Bring back what an undo took away, as far as the world allows.

    Raises:
        CommandRefusedError: Nothing is taken back, or somebody acted since.
    """
    if not state.taken_back:
        last = state.actions[-1] if state.actions else None
        if last is not None and 0 < state.reverted_at < last.version:
            raise CommandRefusedError(
                f"{told(last)}, so what was undone before cannot be done again.",
                fix=f"{_HISTORY} shows what was done",
            )
        raise CommandRefusedError(
            "Nothing was undone that could be done again.", fix=f"{_HISTORY} shows what was done"
        )
    last_undo = state.taken_back[-1]
    if command.undo != last_undo.version:
        raise CommandRefusedError(
            f"{last_undo.actor} took something back meanwhile (version {last_undo.version}), so "
            "nothing was done again.",
            fix=f"{_HISTORY}, then runthrough redo",
        )
    comparison = Comparison(state, command.stood, command.renamed)
    return _reverted(command, state, comparison, (command.undo,))


def told(action: Action) -> str:
    """An action as the beginning of a sentence: who did what, and when."""
    what = _DONE.get(action.type, action.type)
    if action.type == "PipelineChanged":
        return f"{action.actor} {what} (version {action.told_at})"
    named = ", ".join(islice(action.nodes, NAMED_NODES))
    more = len(action.nodes) - NAMED_NODES
    rest = f" and {more} more" if more > 0 else ""
    return f"{action.actor} {what} {named}{rest} (version {action.told_at})"


def _refuse_place(to: Version, state: SessionState) -> None:
    if to > state.version:
        raise CommandRefusedError(
            f"The session is at version {state.version}, not yet at {to}.",
            fix=f"{_HISTORY} lists the versions",
        )
    if state.forked_at and to <= state.forked_at:
        raise CommandRefusedError(
            f"The session is a fork of version {state.forked_at} of another one; what was done "
            "before is that one's, and an undo stops there.",
            fix=f"runthrough undo --to {state.forked_at + 1} takes back all that was done here",
        )
    if to < 1:
        raise CommandRefusedError(
            f"There is no version {to}: the first is 1.", fix=f"{_HISTORY} lists the versions"
        )
    for action in state.actions:
        if action.version <= to < action.until:
            raise CommandRefusedError(
                f"Version {to} lies within one action: {told(action)}.",
                fix=f"runthrough undo --to {action.version - 1} takes it back, "
                f"--to {action.until} keeps it",
            )


def _nothing_to_undo(to: Version, state: SessionState) -> CommandRefusedError:
    if state.actions:
        since = f"Nobody has changed the configuration since version {to}"
    elif state.forked_at:
        since = "Nobody has changed the configuration since the fork, where an undo stops"
    else:
        since = "Nothing that somebody did to the configuration is left to take back"
    return CommandRefusedError(
        f"{since}, so there is nothing to undo.", fix=f"{_HISTORY} shows what was done"
    )


def _refuse_meanwhile(newer: Sequence[Action], *, gone: bool, state: SessionState) -> None:
    if newer:
        raise CommandRefusedError(
            f"{told(newer[-1])} meanwhile, so nothing was taken back.",
            fix=f"{_HISTORY}, then runthrough undo",
        )
    if gone:
        raise CommandRefusedError(
            f"What was to be taken back is taken back already; the last was {state.last_actor}.",
            fix=f"{_HISTORY}, then runthrough undo",
        )


def _refuse_foreign(
    command: UndoConfiguration, taken: Sequence[Action], state: SessionState
) -> None:
    """What others did is taken back on purpose only."""
    back = "" if len(command.versions) == 1 else f" --to {command.to_version}"
    fix = f"runthrough undo{back} --anyone, to take it back all the same"
    foreign = [action for action in reversed(taken) if action.actor != command.actor]
    if foreign:
        named = "; ".join(told(action) for action in foreign[:NAMED])
        more = f"; and {len(foreign) - NAMED} more" if len(foreign) > NAMED else ""
        raise CommandRefusedError(f"{named}{more}: that is not yours to take back.", fix=fix)
    oldest = state.actions[0].version if state.actions else None
    if len(state.actions) >= ACTIONS_KEPT and oldest and command.to_version < oldest - 1:
        raise CommandRefusedError(
            f"Who did what before version {oldest} is not known here one by one, and it may not "
            "be yours to take back.",
            fix=fix,
        )


class Comparison:
    """What differs between a session and a configuration that stood."""

    def __init__(
        self, state: SessionState, stood: Standing, names: Mapping[NodeName, NodeName]
    ) -> None:
        self.stood = stood
        self.names = names
        self.change = pipeline_change(state.pipeline, stood.pipeline, names)
        self.pipeline_differs = state.pipeline != stood.pipeline
        self._now = standing(state).nodes
        stay = {
            node: self.change.renamed.get(node, node)
            for node in state.nodes
            if node not in self.change.removed
        }
        self.then_name: Mapping[NodeName, NodeName] = {
            node: then for node, then in stay.items() if then in stood.nodes
        }
        """Name of today → name of then, of the nodes that there were."""
        self.differing = tuple(
            node
            for node, then in self.then_name.items()
            if then in self.change.changed
            or (then != node and state.nodes[node].needs)  # they tell of the name of today
            or not answered_alike(self.today(node), stood.nodes[then])
        )
        """Nodes by the names of today."""

    @property
    def equal(self) -> bool:
        """Whether there is nothing that could be brought back."""
        return not (self.pipeline_differs or self.differing or any(self.acceptances()))

    def today(self, node: NodeName) -> StandingNode:
        """What stands of a node, with the names of then."""
        return renamed(self._now[node], self.change.renamed)

    def acceptances(self) -> Iterator[tuple[NodeName, StandingNode]]:
        """Nodes of then of which an acceptance is another one."""
        for node, then in self.then_name.items():
            stood = self.stood.nodes[then]
            if stood.passed is not None and accepted_otherwise(self._now[node], stood):
                yield then, stood

    def targets(self) -> dict[NodeName, StandingNode]:
        """What is to be restored, by the names of then."""
        back = (*(self.then_name[node] for node in self.differing), *self.change.added)
        return {node: self.stood.nodes[node] for node in back if node in self.stood.nodes}


def _reverted(
    command: UndoConfiguration | RedoConfiguration,
    state: SessionState,
    comparison: Comparison,
    versions: tuple[Version, ...],
) -> tuple[Event, ...]:
    unfolding = Unfolding.over(state)
    unfolding.happen(
        ConfigurationReverted(
            to_version=command.to_version, versions=versions, nodes=comparison.differing
        )
    )
    if comparison.pipeline_differs:
        # What does not stand goes first: it may run against the edges of then.
        for node in comparison.differing:
            unfolding.happen(*_disconnected(state, comparison, node))
        # What had become of a node that is back is no configuration: it stays.
        restored = tuple(node for node in comparison.change.added if node in state.gone)
        unfolding.happen(comparison.change.model_copy(update={"restored": restored}))
    around = Surroundings(unfolding.state, command.facts)
    restore(unfolding, around, comparison.targets())
    back = isinstance(command, UndoConfiguration)
    for node, stood in comparison.acceptances():
        event = ReuseAccepted(node=node, fingerprint=stood.fingerprint, taken_back=back)
        unfolding.happen(event)
    return unfolding.events


def _disconnected(state: SessionState, comparison: Comparison, node: NodeName) -> Iterator[Event]:
    stood = comparison.stood.nodes[comparison.then_name[node]].connections
    for wire in comparison.today(node).connections:
        if wire not in stood:
            yield removed(state.connections[node][wire.input], "taken back")
