"""A store in which others act just when one is about to append."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from runthrough.application.ports import EventStore
from runthrough.core.events import EventEnvelope
from runthrough.core.values.ids import SessionId


class MeanwhileStore:
    """Another store, before whose next append somebody else does something, once."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._alone = False
        self.meanwhile: Callable[[], object] | None = None
        """What is done before the next append, while nobody holds the lock."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def append(self, session_id: SessionId, **what: Any) -> tuple[EventEnvelope, ...]:
        """Append, after what others do."""
        if not self._alone:
            self._let_others()
        return self._store.append(session_id, **what)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the writer lock, after what others do."""
        self._let_others()
        with self._store.exclusive():
            self._alone = True
            try:
                yield
            finally:
                self._alone = False

    def _let_others(self) -> None:
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()
