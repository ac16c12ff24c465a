"""The ancestors of forks in an SQL database."""

from runthrough.adapters.store.database import EVENT_ROWS, SqlDatabase
from runthrough.adapters.store.forks import Lineage, lineage_of
from runthrough.core.values.ids import SessionId
from runthrough.core.values.store import StoredEvent

_FIRST = f"{EVENT_ROWS} WHERE session_id = ? ORDER BY version LIMIT 1"


class SqlLineages:
    """Which ancestors sessions have; of a fork it is asked for once, for it never changes."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database
        self._first = database.statement(_FIRST)
        self._known: dict[SessionId, Lineage] = {}

    def of(self, session_id: SessionId) -> Lineage:
        """The ancestors of a session, the oldest first; empty for one that is no fork.

        Raises:
            LogCorruptError: A fork does not go on from where it says.
            StoreUnavailableError: The database cannot be read.
        """
        known = self._known.get(session_id)
        if known is None:
            known = lineage_of(session_id, self._first_of)
            if known:
                self._known[session_id] = known
        return known

    def _first_of(self, session_id: SessionId) -> StoredEvent | None:
        with self._database.reading() as connection:
            return next(self._database.rows(connection, self._first, (session_id,)), None)
