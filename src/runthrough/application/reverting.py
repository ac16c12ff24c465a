"""Taking back what was done to a session's configuration, and doing it again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from runthrough.application.looking import World
from runthrough.application.repeated import RepeatedSession
from runthrough.application.shown import Recorded
from runthrough.core.commands import RedoConfiguration, UndoConfiguration
from runthrough.core.decide.configuring import consumers
from runthrough.core.decide.reverting import Comparison, told
from runthrough.core.decide.surroundings import sources_of
from runthrough.core.events import PipelineChanged
from runthrough.core.standing import standing
from runthrough.core.state import Action, SessionState
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.values.standing import Standing
from runthrough.core.views.history import history
from runthrough.core.views.loaded import Loaded
from runthrough.core.views.nodes import View, node_values
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.settled import node_results
from runthrough.core.views.value_words import differing
from runthrough.errors import CommandRefusedError

T = TypeVar("T")
Names = Mapping[NodeName, NodeName]


@dataclass(frozen=True, slots=True)
class Undone:
    """One action that was taken back, or done again."""

    version: Version
    """Of the event that tells what was done; what it led to may stand before it."""
    actor: str
    recorded_at: datetime
    """When it was done; aware, UTC."""
    type: str
    """Of the event that tells what was done."""
    sentence: str
    nodes: tuple[NodeName, ...]
    begun: Version
    """Of the first event that it left."""

    def view(self) -> View:
        """The fields' names, the time in ISO 8601."""
        return {
            "version": self.version,
            "actor": self.actor,
            "recorded_at": self.recorded_at.isoformat(),
            "type": self.type,
            "sentence": self.sentence,
            "nodes": list(self.nodes),
        }


class RevertibleSession(RepeatedSession):
    """A session whose configuration can be taken back."""

    def undo(
        self,
        *,
        to: int | None = None,
        anyone: bool = False,
        seen: Callable[[Action], bool] | None = None,
        based_on: int | None = None,
    ) -> Recorded:
        """Take back the last action on the configuration, or all since the version `to`.

        What others did is among it only with `anyone`. Runs, outcomes and notes stay. Where
        `seen` is given, only actions that it holds for are taken back.

        Raises:
            CommandRefusedError: There is nothing to take back, it is another's, the version is
                none to go back to, somebody acted meanwhile, or an action was not seen.
            VersionConflictError: Somebody else changed the session after `based_on`.
        """
        self._writable("undo")
        self.refresh()
        actions = self.state.actions
        if to is None:
            target = Version(actions[-1].version - 1) if actions else self.version
        else:
            target = Version(to)
        if seen is not None:
            mine = (a for a in actions if anyone or a.actor == self._caller.actor)
            _refuse_unseen(a for a in mine if a.version > target and not seen(a))
        there = max(1, self.state.forked_at + 1) <= target <= self.version
        then = self._then(target) if there else None
        if then is not None and then.state.version != self.version:
            self._refuse_within(then.state)
        names = self._names_since(then.state) if then is not None else {}
        stood = standing(then.state if then is not None else self.state)
        command = UndoConfiguration(
            to_version=target,
            versions=tuple(action.version for action in actions if action.version > target),
            actor=self._caller.actor,
            anyone=anyone,
            renamed=names,
            stood=stood,
            based_on=self._based_on(based_on, "undo"),
            facts=self._world_of(then, stood, names) if then is not None else {},
        )
        return self._reverted(command)

    def redo(self, *, based_on: int | None = None) -> Recorded:
        """Do again what the last undo took back.

        Raises:
            CommandRefusedError: Nothing is taken back, or somebody acted since.
            VersionConflictError: Somebody else changed the session after `based_on`.
        """
        self._writable("redo")
        self.refresh()
        base = self._based_on(based_on, "redo")
        taken_back = self.state.taken_back
        if not taken_back:
            nothing = RedoConfiguration(
                to_version=self.version,
                undo=self.version,
                stood=standing(self.state),
                based_on=base,
            )
            return self._reverted(nothing)
        undo = taken_back[-1].version
        then = self._then(Version(undo - 1))
        names, stood = self._names_since(then.state), standing(then.state)
        command = RedoConfiguration(
            to_version=then.state.version,
            undo=undo,
            renamed=names,
            stood=stood,
            based_on=base,
            facts=self._world_of(then, stood, names),
        )
        return self._reverted(command)

    def to_undo(self, to: int | None = None) -> list[Undone]:
        """The actions that an undo would take back, oldest first, those of others among them.

        It is the last action, or all behind the version `to`.
        """
        self.refresh()
        actions = self.state.actions
        return self._told(actions[-1:] if to is None else [a for a in actions if a.version > to])

    def undone(self, recorded: Recorded) -> list[Undone]:
        """The actions that an undo took back, or a redo did again, oldest first."""
        before = self._then(recorded.after).state
        after = self._then(recorded.version).state
        kept = {action.version for action in after.actions}
        gone = [action for action in before.actions if action.version not in kept]
        had = {action.version for action in before.actions}
        actions = gone or [action for action in after.actions if action.version not in had]
        return self._told(actions)

    def reverted_values(self, recorded: Recorded) -> dict[NodeName, tuple[View, View]]:
        """What an undo or a redo changed, by node: the values before it, and behind it."""
        return _changed(self._then(recorded.after).state, self._then(recorded.version).state)

    def values_to_undo(self, to: int | None = None) -> dict[NodeName, tuple[View, View]]:
        """What an undo would change, by node: the values now, and those that would come back."""
        actions = self.to_undo(to)
        if not actions:
            return {}
        first = min(action.begun for action in actions)
        return _changed(self.state, self._then(Version(first - 1)).state)

    def taken_back(self, recorded: Recorded) -> View:
        """What an undo took back, or a redo did again, and what that changed.

        Keys: version, undone, nodes, changes, next_command.
        """
        undone, changed = self.undone(recorded), self.reverted_values(recorded)
        nodes = self.state_at(recorded.version).nodes
        concerned = dict.fromkeys((*changed, *(node for one in undone for node in one.nodes)))
        return {
            "version": recorded.version,
            "undone": [action.view() for action in undone],
            "nodes": {**node_results(concerned, nodes)},
            "changes": [
                {"node": node, "before": {**before}, "after": {**after}}
                for node, (before, after) in changed.items()
            ],
            "next_command": self.next_command(),
        }

    # ---- how it is done

    def _reverted(self, command: UndoConfiguration | RedoConfiguration) -> Recorded:
        stored = self._handle(command)
        return Recorded(Version(stored[0].version - 1), stored[-1].version)

    def _then(self, version: Version) -> Loaded:
        return self._handler.load(self.session_id, upto=version)

    def _told(self, actions: Sequence[Action]) -> list[Undone]:
        """Each action in the words of history."""
        if not actions:
            return []
        first = Version(min(action.version for action in actions) - 1)
        last = max(action.until for action in actions)
        stored = self._ports.store.read(self.session_id, after=first, upto=last)
        rows = {row.version: row for row in history(stored, self._then(first).state)}
        found: list[Undone] = []
        for action in actions:
            own = [rows[Version(v)] for v in range(action.version, action.until + 1)]
            row = next(row for row in own if row.version == action.told_at)
            found.append(
                Undone(
                    action.told_at,
                    action.actor,
                    row.recorded_at,
                    action.type,
                    row.sentence,
                    tuple(action.nodes),
                    action.version,
                )
            )
        return found

    def _refuse_within(self, then: SessionState) -> None:
        """Refuse a version at which one command was half done; it never stood.

        Raises:
            CommandRefusedError: It is such a version.
        """
        end, start = then.version, then.command_after
        following = self._ports.store.read(self.session_id, after=end, upto=self.version)
        for envelope in following:
            if envelope.metadata.command_id != then.command:
                break
            end = envelope.version
        if end == then.version or any(a.version == start + 1 for a in self.state.actions):
            return  # of actions the decision speaks
        before = f"--to {start} or " if start > self.state.forked_at else ""
        refusal = CommandRefusedError(
            f"Version {then.version} lies within the events of one command, {start + 1} to {end}: "
            "nothing stood then.",
            fix=f"runthrough undo {before}--to {end}",
        )
        self._handler.refuse(self._loaded, "undo", refusal, self._caller.metadata())
        raise refusal

    def _names_since(self, then: SessionState) -> dict[NodeName, NodeName]:
        """Names that nodes have now → those that they had then, where these differ."""
        if then.pipeline == self.state.pipeline:
            return {}
        names = {node: node for node in then.nodes}
        for envelope in self._ports.store.read(
            self.session_id, after=then.version, upto=self.version
        ):
            event = envelope.event
            if isinstance(event, PipelineChanged):
                names = {
                    node: event.renamed.get(now, now)
                    for node, now in names.items()
                    if now not in event.removed
                }
        return {now: node for node, now in names.items() if now != node}

    def _world_of(self, then: Loaded, stood: Standing, names: Names) -> World:
        """A look at what is to be restored as it was then, and at what stands around it."""
        now, state = self.state, then.state
        comparison = Comparison(now, stood, names)
        today = {node: name for name, node in comparison.then_name.items()}
        _as_it_would_be(state, now, today)
        known = _known_of_them(self._loaded, then, today)
        back = comparison.targets()
        below = (end for node in back for end in consumers(state, node))
        looked = dict.fromkeys((*back, *below))
        above = dict.fromkeys(
            source
            for node in looked
            for source in (*state.predecessors.get(node, ()), *sources_of(state, node))
            if source in state.nodes
        )
        around = dict.fromkeys((*looked, *above))
        world = self._looking.at(state, known, around, by_name=False)
        for node in back:  # what it stands on is seen anew, and held against nothing
            if node in world:
                world[node] = world[node].model_copy(update={"changes": ()})
        return world


def _refuse_unseen(unseen: Iterable[Action]) -> None:
    for action in unseen:
        raise CommandRefusedError(
            f"{told(action)} since you last looked, so nothing was taken back.",
            fix="look at what is there (runthrough history), then repeat",
        )


def _as_it_would_be(state: SessionState, now: SessionState, today: Names) -> None:
    """Let a state of the past have what is not undone: where it lives, and what has passed."""
    state.home = now.home
    for node, there in state.nodes.items():
        same = now.nodes.get(today.get(node, node)) if node in today else None
        there.passed = same.passed if same is not None else None


def _known_of_them(now: Loaded, then: Loaded, today: Names) -> Particulars:
    """What is known of nodes, by their names of then.

    Of one whose script was another one then, it is what was known then.
    """

    def of(latest: Mapping[NodeName, T], earlier: Mapping[NodeName, T]) -> dict[NodeName, T]:
        known: dict[NodeName, T] = {}
        for node, there in then.state.nodes.items():
            name = today.get(node)
            same = name is not None and there.script == now.state.nodes[name].script
            source, key = (latest, name) if same and name is not None else (earlier, node)
            if key in source:
                known[node] = source[key]
        return known

    latest, earlier = now.particulars, then.particulars
    return Particulars(
        scripts=of(latest.scripts, earlier.scripts),
        requirements=of(latest.requirements, earlier.requirements),
        drift=of(latest.drift, earlier.drift),
        evidence=of(latest.evidence, earlier.evidence),
        written=of(latest.written, earlier.written),
        tables=of(latest.tables, earlier.tables),
    )


def _changed(before: SessionState, after: SessionState) -> dict[NodeName, tuple[View, View]]:
    """What two states hold otherwise, by node: the values of the one, and of the other."""
    changed: dict[NodeName, tuple[View, View]] = {}
    for node in dict.fromkeys((*before.nodes, *after.nodes)):
        old, new = node_values(before, node), node_values(after, node)
        names = differing(old, new)
        if names:
            changed[node] = (
                {name: old[name] for name in names if name in old},
                {name: new[name] for name in names if name in new},
            )
    return changed
