"""Run leases in an SQL database."""

from datetime import datetime

from sqlalchemy import delete, insert, select, update

from runthrough.adapters.store.codec import read_time, time_text
from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.tables import RUN_LEASES
from runthrough.core.values.ids import RunId, SessionId
from runthrough.core.values.metadata import Holder


class SqlRunLeases:
    """Who drives a run, and the last sign of life."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    def take(self, run: RunId, *, session_id: SessionId, holder: Holder, at: datetime) -> None:
        """Write the lease of a run; replaces the lease of a holder that is gone.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        lease = {
            "run": run,
            "session_id": session_id,
            "holder": holder.model_dump_json(),
            "taken_at": time_text(at),
            "renewed_at": time_text(at),
        }
        with self._database.writing() as connection:
            connection.execute(delete(RUN_LEASES).where(RUN_LEASES.c.run == run))
            connection.execute(insert(RUN_LEASES), lease)

    def renew(self, run: RunId, *, at: datetime) -> None:
        """Give a sign of life; does nothing when the lease was released.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        with self._database.writing() as connection:
            connection.execute(
                update(RUN_LEASES).where(RUN_LEASES.c.run == run).values(renewed_at=time_text(at))
            )

    def renewed_at(self, run: RunId) -> datetime | None:
        """The last sign of life; `None` when there is no lease.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        asked = select(RUN_LEASES.c.renewed_at).where(RUN_LEASES.c.run == run)
        with self._database.reading() as connection:
            found = connection.scalar(asked)
        return None if found is None else read_time(found)

    def release(self, run: RunId) -> None:
        """Drop the lease of a run that ended.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        with self._database.writing() as connection:
            connection.execute(delete(RUN_LEASES).where(RUN_LEASES.c.run == run))
