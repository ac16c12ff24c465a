"""What somebody else did while a form was filled in: base, theirs, yours, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from runthrough.application.session import Session
from runthrough.application.shown import Recorded
from runthrough.core.values.ids import Version
from runthrough.errors import VersionConflictError


@dataclass(frozen=True, slots=True)
class ClashRow:
    """One value that they changed or you give."""

    field: str
    """As `show` names it: `input.x`, `env.X`."""
    base: JsonValue
    theirs: JsonValue
    yours: JsonValue

    @property
    def clashes(self) -> bool:
        """Whether one of the two would be lost."""
        return self.given and self.theirs not in (self.base, self.yours)

    @property
    def given(self) -> bool:
        """Whether the form gives something here."""
        return self.yours is not None


@dataclass(frozen=True, slots=True)
class Clash:
    """A form that was based on what is no longer there, and what is there now."""

    node: str
    actor: str
    at: datetime | None
    sentences: Sequence[str]
    """What they did."""
    version: int
    """The version that a choice is based on."""
    rows: Sequence[ClashRow]
    action: str
    """Where the form goes, once it is decided."""
    form: Mapping[str, str]
    """What stood in it."""

    @property
    def clashing(self) -> list[ClashRow]:
        """The values of which one is to be chosen."""
        return [row for row in self.rows if row.clashes]


def clash_of(
    session: Session, conflict: VersionConflictError, *, action: str, form: Mapping[str, str]
) -> Clash:
    """A conflict for a screen; the session is taken as it is by now."""
    session.refresh()
    since = session.recorded(Recorded(Version(conflict.version - 1), Version(conflict.version)))
    return Clash(
        node=conflict.node or "",
        actor=conflict.actor,
        at=since[-1].recorded_at if since else None,
        sentences=[row.sentence for row in since],
        version=session.version,
        rows=[
            ClashRow(str(row["field"]), row["base"], row["theirs"], row["yours"])
            for row in conflict.fields
        ],
        action=action,
        form=form,
    )
