"""History read from the log: as little of it as what is asked for needs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from runthrough.application.handler import CommandHandler
from runthrough.application.ports import EventStore
from runthrough.core.events import EventEnvelope, PipelineChanged
from runthrough.core.names import nearest
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.views.history import HistoryRow, Wanted, event_types, history
from runthrough.core.views.loaded import Loaded
from runthrough.errors import CommandInvalidError

WINDOW = 250
"""Events that are read at once, looking back."""
NARROW_WINDOW = 50
"""The same where each of them is told, and the first ones are enough."""
WIDE_WINDOW = 1_000
"""The same where few of them are looked for: to fold up to a window costs more than to read it."""
LOOKED_AT = 3_000
"""Events that one look back reads at most; whoever wants more goes on from there."""
_TICK = timedelta(microseconds=1)
"""Times in the log are told to the microsecond."""


@dataclass(frozen=True, slots=True)
class LatestRows:
    """Rows that fit, the newest first."""

    rows: tuple[HistoryRow, ...]
    before: Version | None
    """Below which version to look on; `None` where there is nothing further down."""
    node: NodeName | None
    """What the node was called there that is asked for."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some of a session's events in a row."""

    after: Version
    """The version before the first of them."""
    envelopes: Sequence[EventEnvelope]
    node: NodeName | None
    """What the node was called there that is asked for."""
    above: NodeName | None
    """What it was called before the first of them."""


class RowReading:
    """Rows of one session's history, up to the version at which it is loaded.

    Values before and after need the fold of all that came before: it begins at the newest
    snapshot before `since`, and nothing is compared around events that nobody asked for.
    """

    def __init__(self, store: EventStore, handler: CommandHandler, loaded: Loaded) -> None:
        self._store = store
        self._handler = handler
        self._session_id = loaded.state.session_id
        self._version = loaded.state.version

    def rows(
        self,
        node: NodeName | None,
        *,
        actor: str | None,
        kind: str | None,
        since: int | datetime | None,
        at_most: int | None = None,
    ) -> list[HistoryRow]:
        """The rows that fit all that is asked for, oldest first; the first `at_most` of them.

        Raises:
            CommandInvalidError: There is no such type, or `since` is neither version nor moment.
        """
        wanted = self._wanted(node, actor=actor, kind=kind, since=since)
        return self._rows(wanted, upto=self._version, at_most=at_most)[:at_most]

    def latest(
        self,
        node: NodeName | None,
        *,
        actor: str | None,
        kind: str | None,
        since: int | datetime | None,
        before: int | None,
        at_most: int,
    ) -> LatestRows:
        """The rows of versions below `before` that fit, the newest first; at most so many.

        It looks at `LOOKED_AT` events, and no further: it may have found less than it was asked
        for, or nothing, while there is something further down.

        Raises:
            CommandInvalidError: As for `rows`.
        """
        wanted = self._wanted(node, actor=actor, kind=kind, since=since)
        floor, end = self._before(wanted), min((before or self._version + 1) - 1, self._version)
        rows: list[HistoryRow] = []
        narrow = max(at_most, NARROW_WINDOW)
        window = narrow if node is actor is kind is None else WIDE_WINDOW
        last = end
        for stretch in self.stretches(
            node, upto=self._end_of_command(end), floor=floor, window=window
        ):
            fitting = self._fitting(stretch, _of(wanted, stretch.node))
            rows += [row for row in reversed(fitting) if row.version <= last]
            end, node = stretch.after, stretch.above
            if len(rows) > at_most:
                rows, end, node = rows[:at_most], rows[at_most - 1].version - 1, stretch.node
            if len(rows) == at_most:
                break
        return LatestRows(tuple(rows), Version(end + 1) if end > floor else None, node)

    def stretches(
        self,
        node: NodeName | None = None,
        *,
        upto: int | None = None,
        floor: int = 0,
        looked_at: int | None = None,
        window: int = WINDOW,
    ) -> Iterator[Stretch]:
        """The session's events from `upto` back to `floor`, stretch by stretch.

        Within a stretch the node has one name. It begins with a command where that can be.
        """
        end = self._version if upto is None else upto
        lowest = max(floor, end - (looked_at or LOOKED_AT))
        while end > lowest:
            begin = max(floor, end - window)
            read = list(self._store.read(self._session_id, after=begin, upto=end))
            old = node
            renamed = None if node is None else _last_rename(read, node)
            if renamed is not None:
                version, old = renamed
                begin = version - 1
                read = [envelope for envelope in read if envelope.version > begin]
            else:
                read = self._from_a_command(read) if begin > floor else read
                begin = read[0].version - 1
            yield Stretch(Version(begin), read, node, old)
            end, node = begin, old

    def _end_of_command(self, version: int) -> int:
        """The last version of the command that left a version; its first event tells for all."""
        upto = min(self._version, version + WINDOW)
        read = self._store.read(self._session_id, after=max(0, version - 1), upto=upto)
        first = next(read, None)
        if first is None:
            return version
        same = takewhile(lambda e: e.metadata.command_id == first.metadata.command_id, read)
        return max((envelope.version for envelope in same), default=version)

    def _from_a_command(self, read: list[EventEnvelope]) -> list[EventEnvelope]:
        """The events from the first on that begins a command; all where none does."""
        version = read[0].version - 1
        (above,) = self._store.read(self._session_id, after=version - 1, upto=version)
        last = above.metadata.command_id
        for place, envelope in enumerate(read):
            if envelope.metadata.command_id != last:
                return read[place:]
        return read

    def _fitting(self, stretch: Stretch, wanted: Wanted) -> list[HistoryRow]:
        if not any(map(wanted.fits, stretch.envelopes)):
            return []
        return list(history(stretch.envelopes, self._state_at(stretch.after), wanted))

    def _state_at(self, version: Version) -> SessionState:
        if not version:
            return SessionState(self._session_id)
        return self._handler.load(self._session_id, upto=version).state

    def _wanted(
        self,
        node: NodeName | None,
        *,
        actor: str | None,
        kind: str | None,
        since: int | datetime | None,
    ) -> Wanted:
        if kind is not None and kind not in event_types():
            near = nearest(str(kind), event_types())
            meant = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise CommandInvalidError(
                "history",
                f"there is no type of event called {kind!r}{meant}",
                fix="docs/reference/events.md lists the types",
            )
        if actor is not None and not isinstance(actor, str):
            raise CommandInvalidError("history", f"an actor is called by a text, not {actor!r}")
        first, moment = self._since(since)
        return Wanted(node=node, actor=actor, type=kind, since=first, since_at=moment)

    def _since(self, since: int | datetime | None) -> tuple[Version, datetime | None]:
        if since is None:
            return Version(1), None
        if isinstance(since, datetime):
            if since.tzinfo is None:
                raise CommandInvalidError(
                    "history",
                    f"the time {since.isoformat()} has no time zone, so it may mean any of many",
                    fix="give an aware one, such as datetime.now(timezone.utc)",
                )
            return Version(1), since
        if isinstance(since, bool) or not isinstance(since, int):
            raise CommandInvalidError(
                "history", f"since is a version or an aware time, not {since!r}"
            )
        return Version(max(1, since)), None

    def _rows(
        self, wanted: Wanted, *, upto: Version, at_most: int | None = None
    ) -> list[HistoryRow]:
        """The rows; what a node was called before it was renamed is followed.

        Of all nodes no more than `at_most` are read. Of one all are: a rename may come last.
        """
        before = min(self._before(wanted), upto)
        state = self._state_at(Version(before))
        renames: list[tuple[Version, NodeName]] = []
        envelopes = _noting(
            self._store.read(self._session_id, after=before, upto=upto), wanted.node, renames
        )
        enough = at_most if wanted.node is None else None
        rows = list(islice(history(envelopes, state, wanted), enough))
        if not renames:
            return rows
        version, old = renames[-1]  # before that, the name may have been given and taken back
        earlier = self._rows(_of(wanted, old), upto=Version(version - 1))
        return [*earlier, *(row for row in rows if row.version >= version)]

    def _before(self, wanted: Wanted) -> Version:
        """A version up to which no event is wanted."""
        if wanted.since_at is None:
            return Version(wanted.since - 1)
        return Version(self._store.version_at(self._session_id, at=wanted.since_at - _TICK))


def _of(wanted: Wanted, node: NodeName | None) -> Wanted:
    return replace(wanted, node=node)


def _last_rename(read: Iterable[EventEnvelope], node: NodeName) -> tuple[Version, NodeName] | None:
    """Where a node was given its name last, and what it was called before."""
    found = None
    for envelope in read:
        if isinstance(envelope.event, PipelineChanged):
            for old, new in envelope.event.renamed.items():
                found = (envelope.version, old) if new == node else found
    return found


def _noting(
    envelopes: Iterable[EventEnvelope],
    node: NodeName | None,
    renames: list[tuple[Version, NodeName]],
) -> Iterator[EventEnvelope]:
    """The events as they are; `renames` gets what `node` was called before, and until when."""
    for envelope in envelopes:
        if node is not None and isinstance(envelope.event, PipelineChanged):
            renames += [
                (envelope.version, old)
                for old, new in envelope.event.renamed.items()
                if new == node
            ]
        yield envelope
