"""What occurs in sessions, kept between two requests, so that a long log is read once."""

import threading
from collections import OrderedDict

from runthrough.application.session import Session
from runthrough.core.values.ids import SessionId
from runthrough.core.views.occurring import NOTHING, Occurring

SESSIONS_AT_MOST = 64
"""A team's open sessions; each is a few names."""


class Gathered:
    """What there is to look for in the histories of the sessions that were looked at last."""

    def __init__(self, *, sessions_at_most: int = SESSIONS_AT_MOST) -> None:
        self._sessions_at_most = sessions_at_most
        self._lock = threading.Lock()
        self._kept: OrderedDict[SessionId, Occurring] = OrderedDict()

    def of(self, session: Session) -> Occurring:
        """What occurs in a session by now; what came since the last time is read."""
        with self._lock:
            known = self._kept.get(session.session_id, NOTHING)
        found = session.occurring(known)
        with self._lock:
            self._kept[session.session_id] = found
            self._kept.move_to_end(session.session_id)
            if len(self._kept) > self._sessions_at_most:
                self._kept.popitem(last=False)
        return found
