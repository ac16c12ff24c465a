"""What a verification of the log found, and the notes that it was held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from runthrough.core.values.store import AuditVerdict, Checkpoint

Signature = Literal["none", "not_checked", "valid", "invalid"]
KEPT = "the last checkpoint that the database keeps"


@dataclass(frozen=True, slots=True)
class HeldNote:
    """A checkpoint that the log was held against."""

    file: str | None
    """`None` for the one that the database keeps."""
    note: "Checkpoint"
    signature: Signature

    @property
    def name(self) -> str:
        """How people know it."""
        return KEPT if self.file is None else self.file


@dataclass(frozen=True, slots=True)
class Found:
    """What was verified, and what came out."""

    verdict: "AuditVerdict"
    ends_at: int | None
    """Where the log, or the export of it, says that it ends; `None` where it does not say."""
    notes: Sequence[HeldNote] = ()
    scope: Literal["log", "session", "filtered"] | None = None
    """Of an export; `None` where the database itself was verified."""
    session_id: str | None = None
    database: str | None = None
    """What an export was held against."""
    filter_words: str = ""
    """What a filtered export says it was asked for; who sends it could have made that narrower."""

    @property
    def reached(self) -> int:
        """The position up to which hashes were computed, or trusted."""
        return self.verdict.since + self.verdict.checked

    @property
    def is_shorter_than_noted(self) -> bool:
        """Whether nothing is wrong but that the log ends before a note says it did."""
        bad = self.verdict.first_bad
        return (
            bad is not None
            and bad.kind == "head"
            and self.ends_at == self.reached == bad.position - 1
        )

    def fits(self, held: HeldNote) -> bool | None:
        """Whether the log passes through a checkpoint; `None` where it was not held against it."""
        bad, position = self.verdict.first_bad, held.note.position
        if bad is None:
            return True
        if bad.kind == "checkpoint" and position >= bad.position:
            return False if position == bad.position else None
        if self.is_shorter_than_noted and position > self.reached:
            return False
        return True if position <= self.reached else None


def found_view(found: Found) -> dict[str, object]:
    """What was found, for machines.

    Keys: ok, checked, head_position, since, first_bad, notes; of an export scope and session_id;
    filter and database where there are any.
    """
    verdict, bad = found.verdict, found.verdict.first_bad
    told = {
        "ok": bad is None,
        "checked": verdict.checked,
        "head_position": found.ends_at,
        "since": verdict.since,
        "first_bad": None if bad is None else {"position": bad.position, "kind": bad.kind},
        "notes": [note_view(held, fits=found.fits(held)) for held in found.notes],
    }
    more = {"scope": found.scope, "session_id": found.session_id} if found.scope else {}
    more |= {"filter": found.filter_words} if found.filter_words else {}
    more |= {"database": found.database} if found.database else {}
    return {**told, **more}


def note_view(held: HeldNote, *, fits: bool | None) -> dict[str, object]:
    """A note, and whether the log passes through its checkpoint; null where that is not known."""
    return {
        "file": held.file,
        "position": held.note.position,
        "taken_at": held.note.taken_at.isoformat(),
        "signature": held.signature,
        "fits": fits,
    }
