"""Sessions kept folded between two calls, for a door with many callers."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from runthrough.core.values.ids import SessionId
from runthrough.core.views.loaded import Loaded

SESSIONS_AT_MOST = 64
"""Sessions kept folded: a team's open ones; one of 1,000 nodes takes a few megabytes."""
EACH_AT_MOST = 4
"""Of one session so many are kept, for callers at the same time."""
NODES_AT_MOST = 100_000
"""Nodes of all that is kept: some 300 MB, however large the sessions are."""


class LoadedPool:
    """Folded sessions, each in the hands of one caller at a time.

    A caller who takes one refreshes it, so that only what came since is read and folded. What is
    never given back is forgotten.
    """

    def __init__(
        self,
        *,
        sessions_at_most: int = SESSIONS_AT_MOST,
        each_at_most: int = EACH_AT_MOST,
        nodes_at_most: int = NODES_AT_MOST,
    ) -> None:
        self._sessions_at_most = sessions_at_most
        self._each_at_most = each_at_most
        self._nodes_at_most = nodes_at_most
        self._lock = threading.Lock()
        self._idle: OrderedDict[SessionId, list[Loaded]] = OrderedDict()

    def take(self, session_id: SessionId, load: Callable[[SessionId], Loaded]) -> Loaded:
        """A folded session for this caller alone; `load` makes one where none is idle."""
        with self._lock:
            idle = self._idle.get(session_id)
            kept = idle.pop() if idle else None
        return load(session_id) if kept is None else kept

    def give_back(self, loaded: Loaded) -> None:
        """Let the next caller have it; the session that was not asked for longest goes."""
        session_id = loaded.state.session_id
        with self._lock:
            idle = self._idle.setdefault(session_id, [])
            self._idle.move_to_end(session_id)
            if len(idle) < self._each_at_most:
                idle.append(loaded)
            while self._is_full():
                self._idle.popitem(last=False)

    def _is_full(self) -> bool:
        """Whether one has to go; of a single one that is too large nothing is to be gained."""
        kept = len(self._idle)
        nodes = sum(len(loaded.state.nodes) for idle in self._idle.values() for loaded in idle)
        return kept > self._sessions_at_most or (kept > 1 and nodes > self._nodes_at_most)
