"""History read from the log: as little of it as what is asked for needs."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from runthrough.application.handler import CommandHandler
from runthrough.application.ports import EventStore
from runthrough.core.events import EventEnvelope, PipelineChanged
from runthrough.core.names import nearest
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.views.history import HistoryRow, Wanted, event_types, history
from runthrough.core.views.loaded import Loaded
from runthrough.errors import CommandInvalidError

_TICK = timedelta(microseconds=1)
"""Times in the log are told to the microsecond."""


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
    ) -> list[HistoryRow]:
        """The rows that fit all that is asked for, oldest first.

        Raises:
            CommandInvalidError: There is no such type, or `since` is neither version nor moment.
        """
        if kind is not None and kind not in event_types():
            near = nearest(str(kind), event_types())
            meant = f"; did you mean {' or '.join(near)}?" if near else ""
            raise CommandInvalidError(
                "history",
                f"there is no type of event called {kind!r}{meant}",
                fix="docs/reference/events.md lists the types",
            )
        if actor is not None and not isinstance(actor, str):
            raise CommandInvalidError("history", f"an actor is called by a text, not {actor!r}")
        first, moment = self._since(since)
        wanted = Wanted(node=node, actor=actor, type=kind, since=first, since_at=moment)
        return self._rows(wanted, upto=self._version)

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

    def _rows(self, wanted: Wanted, *, upto: Version) -> list[HistoryRow]:
        """The rows; what a node was called before it was renamed is followed."""
        before = min(self._before(wanted), upto)
        state = (
            self._handler.load(self._session_id, upto=before).state
            if before
            else SessionState(self._session_id)
        )
        renames: list[tuple[Version, NodeName]] = []
        envelopes = _noting(
            self._store.read(self._session_id, after=before, upto=upto), wanted.node, renames
        )
        rows = list(history(envelopes, state, wanted))
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


def _of(wanted: Wanted, node: NodeName) -> Wanted:
    return Wanted(
        node=node,
        actor=wanted.actor,
        type=wanted.type,
        since=wanted.since,
        since_at=wanted.since_at,
    )


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
