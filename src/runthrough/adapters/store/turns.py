"""One turn at the log: the transaction under the writer lock, and where its events go."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple

from sqlalchemy import Connection

from runthrough.core.values.store import StoredEvent

SqlValue = str | int | float | None
Asked = tuple[str, str, str]
"""What a place is asked for by: the session twice, and the command's id."""


class Place(NamedTuple):
    """Where the next event of a session goes."""

    position: int
    """Of the log's last event."""
    log_hash: str
    version: int | None
    """Of the session's last event; `None` where it has none."""
    event_hash: str | None
    known_request: str | None
    """Request hash of the command, when it was handled before."""


@dataclass(slots=True)
class Turn:
    """One transaction under the writer lock."""

    connection: Connection
    place: Place | None = None
    """What was asked when the turn began; `None` also where the log has no head."""
    rows: Sequence[StoredEvent] = field(default_factory=tuple)
    """Events to insert when the turn ends, behind `place`."""
    inner: bool = False
    """Whether it is a part of a turn that this thread has already."""


class TurnContext(AbstractContextManager[Turn]):
    """Holds a turn; a class, because generators would cost a tenth of an append."""

    __slots__ = ("_asked", "_end", "_take", "_turn")

    def __init__(
        self,
        take: Callable[[Asked | None], Turn],
        end: Callable[[Turn, BaseException | None], None],
        asked: Asked | None = None,
    ) -> None:
        self._take = take
        self._end = end
        self._asked = asked

    def __enter__(self) -> Turn:
        self._turn = self._take(self._asked)
        return self._turn

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end(self._turn, exc)
