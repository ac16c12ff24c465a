"""The versions of a session, to go back and forth in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from runthrough.core.values.ids import Version
from runthrough.core.views.history import sentence
from runthrough.core.views.value_words import changed_words

if TYPE_CHECKING:
    from runthrough.application.session import Session
    from runthrough.entrypoints.http.pages.session import Screen


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened at the version that is shown."""

    version: int
    latest: int
    """The version of now."""
    text: str
    actor: str
    at: datetime
    changes: Sequence[str]
    """What it changed, as `name  old → new`."""

    @property
    def before(self) -> int | None:
        """The version before it, if there is one."""
        return self.version - 1 if self.version > 1 else None

    @property
    def behind(self) -> int | None:
        """The version that follows; `None` where that is now."""
        return self.version + 1 if self.version + 1 < self.latest else None


def timeline_names(shown: "Screen") -> Mapping[str, object]:
    """What the template of the timeline is given."""
    session, past = shown.session, shown.at is not None
    latest = session.version
    if past:
        latest = Version(max(latest, shown.visitor.sessions.found(session.session_id).version))
    if past:
        moment = moment_of(session, session.version, latest=latest)
    else:  # the newest changes are a command's, which tells them itself
        envelope = session.happened_at(latest)
        moment = Moment(
            latest,
            latest,
            sentence(envelope.event),
            envelope.metadata.actor,
            envelope.metadata.recorded_at,
            (),
        )
    may_fork = shown.visitor.may("tester") and shown.visitor.token.sessions is None
    return {
        "moment": moment,
        "fork_points": session.fork_points() if past and may_fork else (),
        "may_undo_to": shown.visitor.may("tester") and past,
    }


def moment_of(session: "Session", version: int, *, latest: int) -> Moment:
    """What happened at a version, in the words of the history."""
    (row,) = session.latest(before=version + 1, at_most=1).rows
    changes = changed_words(row.before, row.after)
    return Moment(version, latest, row.sentence, row.actor, row.recorded_at, changes)
