"""A session's past: its history, what ran then, and what it is compared by."""

import posixpath
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from runthrough.application.attempts import SOURCE, attempt_folder
from runthrough.application.forking import ancestors, fork_points
from runthrough.application.looking import World
from runthrough.application.recalling import remembered
from runthrough.application.row_reading import LatestRows, RowReading
from runthrough.application.shown import Recorded, ShownSession
from runthrough.core.events import (
    EventEnvelope,
    PipelineChanged,
    ScriptExecuted,
    ScriptStarted,
    SessionForked,
    SessionStarted,
)
from runthrough.core.staleness import stale
from runthrough.core.state import LastAttempt, PassedAttempt
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.values.paths import SESSION, record, split
from runthrough.core.views.diff import SCRIPT, Side
from runthrough.core.views.history import HistoryRow, Wanted, history
from runthrough.core.views.nodes import View
from runthrough.core.views.occurring import NOTHING, Occurring
from runthrough.core.views.whole_node import ATTEMPTS_KEPT, EndedAttempts, whole_node_view
from runthrough.core.views.worklist import worklist
from runthrough.errors import UnknownNodeError


class TracedSession(ShownSession):
    """A session whose past can be read."""

    def history(
        self,
        node: str | None = None,
        *,
        actor: str | None = None,
        type: str | None = None,  # noqa: A002 - the name that it has in every row
        since: int | datetime | None = None,
        at_most: int | None = None,
    ) -> list[HistoryRow]:
        """Every event, or those that fit all that is asked for, as readers see them.

        Args:
            node: A node that there is, or was; what it was called before is followed.
            actor: Who did it.
            type: Of event, such as `ScriptConfigured`.
            since: The first version, or the first moment (aware).
            at_most: So many rows, the first ones.

        Raises:
            UnknownNodeError: No node has, or had, that name.
            CommandInvalidError: There is no such type, or `since` is neither version nor moment.
        """
        self.refresh()
        rows = self._row_reading().rows(
            self._node_once(node), actor=actor, kind=type, since=since, at_most=at_most
        )
        return [self._with_parent_named(row) for row in rows]

    def latest(
        self,
        node: str | None = None,
        *,
        actor: str | None = None,
        type: str | None = None,  # noqa: A002 - as above
        since: int | datetime | None = None,
        before: int | None = None,
        called: str | None = None,
        at_most: int = 50,
    ) -> LatestRows:
        """What happened last, the newest first, without reading all of a long log.

        Args:
            node: As for `history`, as are `actor`, `type` and `since`.
            actor: Who did it.
            type: Of event.
            since: The first version, or the first moment (aware).
            before: Only versions below this one; where the page before ended.
            called: What the node was called there, as the page before tells.
            at_most: So many rows.

        Raises:
            UnknownNodeError: No node has, or had, that name.
            CommandInvalidError: There is no such type, or `since` is neither version nor moment.
        """
        self.refresh()
        found = self._row_reading().latest(
            self._node_once(node) if called is None else NodeName(called),
            actor=actor,
            kind=type,
            since=since,
            before=before,
            at_most=at_most,
        )
        return replace(found, rows=tuple(self._with_parent_named(row) for row in found.rows))

    def occurring(self, known: Occurring = NOTHING) -> Occurring:
        """What there is to look for in the history: who acted, kinds of events, nodes that went.

        Only what came after what is `known` is read.
        """
        self.refresh()
        store, session_id = self._ports.store, self.session_id
        return known.followed_by(store.read(session_id, after=known.upto, upto=self.version))

    def fork_points(self) -> tuple[Version, ...]:
        """The versions nearest to this one at which it may be forked; mostly this one."""
        return fork_points(self._ports, self.session_id, self.state)

    def happened_at(self, version: int) -> EventEnvelope:
        """The event that led to a version; there must be one."""
        (found,) = self._ports.store.read(self.session_id, after=version - 1, upto=version)
        return found

    def ended_attempts(
        self, node: str, *, at_most: int = ATTEMPTS_KEPT, looked_at: int | None = None
    ) -> list[tuple[datetime, ScriptExecuted]]:
        """A node's attempts that ended, the newest first, as far as the last events tell of them.

        Raises:
            UnknownNodeError: There is none of that name.
            AmbiguousScriptError: Several nodes run the script of that name.
        """
        name = self.node_named(node)
        found: list[tuple[datetime, ScriptExecuted]] = []
        for stretch in self._row_reading().stretches(name, looked_at=looked_at):
            for envelope in reversed(stretch.envelopes):
                event = envelope.event
                if isinstance(event, ScriptExecuted) and event.node == stretch.node:
                    found.append((envelope.metadata.recorded_at, event))
                if len(found) == at_most:
                    return found
        return found

    def running_since(self) -> dict[NodeName, datetime]:
        """Since when the scripts run that run now."""
        nodes = self.state.nodes.items()
        attempts = {there.running.attempt: node for node, there in nodes if there.running}
        found: dict[NodeName, datetime] = {}
        for stretch in self._row_reading().stretches() if attempts else ():
            for envelope in stretch.envelopes:
                event = envelope.event
                if isinstance(event, ScriptStarted) and event.attempt in attempts:
                    found[attempts[event.attempt]] = envelope.metadata.recorded_at
            if len(found) == len(attempts):
                break
        return found

    def _row_reading(self) -> RowReading:
        return RowReading(self._ports.store, self._handler, self._loaded)

    def events(self, *, after: int = 0, at_most: int | None = None) -> list[EventEnvelope]:
        """The session's events behind a position of the log, the first `at_most` of them."""
        self.refresh()
        store, session_id = self._ports.store, self.session_id

        def position(version: int) -> int:
            (found,) = store.read(session_id, after=version - 1, upto=version)
            return found.position

        # Positions grow with versions, so that a few single reads find where to begin.
        known = bisect_right(range(1, self.version + 1), after, key=position) if after > 0 else 0
        return list(islice(store.read(session_id, after=known, upto=self.version), at_most))

    def _with_parent_named(self, row: HistoryRow) -> HistoryRow:
        """A fork's first row with its parent as people call it, where it is listed."""
        if row.type != SessionForked.__name__:
            return row
        told = row.sentence
        for parent in ancestors(self._ports, self.session_id):
            entry = self._ports.directory.find(parent)
            told = told.replace(parent, entry.name) if entry is not None else told
        return replace(row, sentence=told)

    def _node_once(self, name: str | None) -> NodeName | None:
        """The node that is meant, also one that another pipeline has no longer."""
        if name is None:
            return None
        try:
            return self.node_named(name)
        except UnknownNodeError as unknown:
            gone = Wanted(node=NodeName(str(name)))
            envelopes = self._ports.store.read(self.session_id, upto=self.version)
            if any(gone.fits(envelope) for envelope in envelopes):
                return gone.node
            raise UnknownNodeError(unknown.name, unknown.nearest, ever=True) from None

    def whole_node(self, node: str) -> View:
        """Everything about one node, as seen now; see `views.whole_node.whole_node_view`."""
        self.refresh()
        name, world = self.node_named(node), self._look()
        attempts = EndedAttempts()
        attempts.take(self._ports.store.read(self.session_id, upto=self.version))
        rows = worklist(self._as_seen(world), world, tester_gone=self.tester_gone)
        return whole_node_view(
            self.state,
            self.particulars,
            next(row for row in rows if row.node == name),
            attempts,
            changes=stale(self.state, world).get(name, ()),
            locate=self.locate,
        )

    def recorded(self, recorded: Recorded) -> list[HistoryRow]:
        """What one command recorded, as readers see it."""
        before = self._handler.load(self.session_id, upto=recorded.after).state
        stored = self._ports.store.read(
            self.session_id, after=recorded.after, upto=recorded.version
        )
        return list(history(stored, before))

    def origins(self) -> dict[NodeName, tuple[int, NodeName]]:
        """Where each node came into being: the position in the log, and its name there."""
        names: dict[NodeName, tuple[int, NodeName]] = {}
        for envelope in self._ports.store.read(self.session_id, upto=self.version):
            event = envelope.event
            match event:
                case SessionStarted():
                    names = {
                        n: (envelope.position, n) for n in map(NodeName, event.pipeline.nodes)
                    }
                case PipelineChanged():
                    names = {
                        event.renamed.get(name, name): origin
                        for name, origin in names.items()
                        if name not in event.removed
                    }
                    names |= {name: (envelope.position, name) for name in event.added}
                case _:
                    pass
        return names

    def side(self) -> Side:
        """What the session is compared by: its files as they are, or what history holds."""
        self.refresh()
        return Side(self.state, self.particulars, self._compared_world())

    def present_source(self, node: NodeName) -> str | None:
        """The text of a node's script as it lies there now; `None` where there is none."""
        script = self.state.nodes[node].script
        if script is None:
            return None
        return self._ports.files.text(self.locate(script.path))

    def kept_source(self, node: NodeName, digest: str) -> str | None:
        """The text of the script with that digest, as an attempt at a node kept it."""
        there = self.state.nodes[node]
        for attempt in (there.last, there.passed):
            if attempt is None or digest not in _scripts_of(attempt):
                continue
            for folder in self._folders(node, attempt):
                text = self._ports.files.text(posixpath.join(folder, SOURCE))
                if text is not None:
                    return text
        return None

    def _compared_world(self) -> World:
        nodes = self.state.nodes
        if self._past or not self.at_home:
            return remembered(self.state, self.particulars, nodes)
        return self._looking.glance(self.state, self.particulars, nodes)

    def _folders(self, node: NodeName, attempt: LastAttempt | PassedAttempt) -> Iterator[str]:
        """Where an attempt's files may lie: it is this session's own, or an ancestor's.

        A node may have been called otherwise then: the log still tells the folder.
        """
        if isinstance(attempt, LastAttempt) and attempt.log is not None:
            yield posixpath.dirname(self.locate(attempt.log))
        folder = attempt_folder(attempt.run, node, attempt.attempt)
        _, relative = split(folder)
        for root in self._roots.places:
            if root.partition("@")[0] == SESSION:
                yield self._roots.locate(record(root, relative))


def _scripts_of(attempt: LastAttempt | PassedAttempt) -> set[object]:
    """The digest of the script that an attempt ran."""
    return {part.value for part in attempt.fingerprint if part.part == SCRIPT}
