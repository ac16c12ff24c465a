"""Proving the log: verification, checkpoints, and the rows of an export."""

from collections.abc import Iterator, Sequence

from runthrough.application.ports import AuditLog, Clock
from runthrough.core.values.ids import SessionId
from runthrough.core.values.store import AuditVerdict, Checkpoint, LogHead, StoredEvent
from runthrough.errors import LogCorruptError


class Auditing:
    """What an auditor asks of the log as a whole."""

    def __init__(self, audit: AuditLog, *, clock: Clock, app_version: str) -> None:
        self._audit = audit
        self._clock = clock
        self._app_version = app_version

    def verify(
        self, *, since: Checkpoint | None = None, against: Sequence[Checkpoint] = ()
    ) -> AuditVerdict:
        """Recompute the chain of hashes; see `ports.AuditLog.verify`."""
        return self._audit.verify(since=since, against=against)

    def head(self) -> LogHead | None:
        """What the log itself says of its end; `None` where it says nothing, which is a fault."""
        try:
            return self._audit.head()
        except LogCorruptError:
            return None

    def last_checkpoint(self) -> Checkpoint | None:
        """The checkpoint of the highest position that the database keeps."""
        return next(reversed(self._audit.checkpoints()), None)

    def checkpoint(self) -> tuple[AuditVerdict, Checkpoint]:
        """Verify what came since the last checkpoint, and the end of the log as it is now.

        Nothing is kept: the checkpoint may be signed before. It is worth nothing where the
        verdict is not good.
        """
        verdict = self._audit.verify(since=self.last_checkpoint())
        checkpoint = Checkpoint(
            verdict.head_position, verdict.log_hash, self._clock(), self._app_version
        )
        return verdict, checkpoint

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint beside the log, so that the next one begins there."""
        self._audit.keep(checkpoint)

    def stored(self, session_id: SessionId | None = None) -> Iterator[StoredEvent]:
        """The events as they are stored, of one session or of all, in the order of the log."""
        return self._audit.stored(session_id)
