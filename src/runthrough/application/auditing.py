"""Proving the log: verification, checkpoints, and the rows of an export."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from runthrough.application.importing import LogExport
from runthrough.application.ports import AuditLog, Clock
from runthrough.core.values.ids import SessionId
from runthrough.core.values.store import AuditVerdict, Checkpoint, FirstBad, LogHead, StoredEvent
from runthrough.core.views.about import NAMING
from runthrough.errors import LogCorruptError


class Auditing:
    """What an auditor asks of the log as a whole."""

    def __init__(self, audit: AuditLog, *, clock: Clock, app_version: str) -> None:
        self._audit = audit
        self._clock = clock
        self._app_version = app_version

    def verify(
        self,
        *,
        since: Checkpoint | None = None,
        against: Sequence[Checkpoint] = (),
        between: Callable[[], object] | None = None,
    ) -> AuditVerdict:
        """Recompute the chain of hashes; see `ports.AuditLog.verify`."""
        return self._audit.verify(since=since, against=against, between=between)

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

    def compare(
        self,
        export: LogExport,
        *,
        fits: Callable[[Iterable[StoredEvent]], Callable[[StoredEvent], bool]],
        ends_at: int,
    ) -> AuditVerdict:
        """Hold an export against the log: the same events at the same positions, none left out.

        Both chains of the log are computed first, for an export is worth what it is held against.
        Up to `ends_at`, where the export ends, all events of its session that the filter lets
        through must be in it; `fits` makes that filter of the events that name nodes.
        """
        verdict = self._audit.verify()
        if not verdict.ok:
            return verdict
        session_id = SessionId(export.session_id) if export.session_id else None
        naming, _ = self.naming(session_id, upto=ends_at)
        passes = fits(naming)
        ours = (
            row._replace(request_hash="")  # is exported nowhere
            for row in self.stored(session_id, upto=ends_at)
            if passes(row)
        )
        checked = 0
        for kept, given in itertools.zip_longest(ours, export.rows()):
            if kept != given:
                return AuditVerdict(
                    ok=False,
                    checked=checked,
                    head_position=verdict.head_position,
                    first_bad=_difference(kept, given),
                )
            checked += 1
        return AuditVerdict(ok=True, checked=checked, head_position=verdict.head_position)

    def stored(
        self, session_id: SessionId | None = None, *, upto: int | None = None
    ) -> Iterator[StoredEvent]:
        """The events as they are stored, of one session or of all, in the order of the log.

        With `upto` those at positions up to that one.
        """
        rows = self._audit.stored(session_id)
        if upto is None:
            return rows
        return itertools.takewhile(lambda row: row.position <= upto, rows)

    def naming(
        self, session_id: SessionId | None = None, *, upto: int | None = None
    ) -> tuple[list[StoredEvent], int]:
        """The events that name nodes, and the position of the last event that was looked at."""
        found: list[StoredEvent] = []
        position = 0
        for row in self.stored(session_id, upto=upto):
            position = row.position
            if row.type in NAMING:
                found.append(row)
        return found, position


def _difference(kept: StoredEvent | None, given: StoredEvent | None) -> FirstBad:
    """What an export and the log do not have in common; one of the two is there."""
    if given is None or (kept is not None and kept.position < given.position):
        return FirstBad(kept.position if kept else 0, "left_out")
    if kept is None or kept.position > given.position:
        return FirstBad(given.position, "added")
    return FirstBad(given.position, "differs")
