"""What a verification of the log found: in words, and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from runthrough.entrypoints.cli.failing import AUDIT_BROKEN, PASSED
from runthrough.entrypoints.cli.words import counted, one_line, stamp

if TYPE_CHECKING:
    from runthrough.core.values.store import AuditVerdict, Checkpoint, FirstBad
    from runthrough.entrypoints.cli.visit import Visit

Signature = Literal["none", "not_checked", "valid", "invalid"]
KEPT = "the last checkpoint that the database keeps"
_WRONG = {
    "event_hash": "the event was changed, or its session's events were",
    "line": "the line is not as the export wrote it",
    "differs": "the export and the database have other events there",
    "left_out": "the database has an event there that belongs into the export and is not in it",
    "added": "the export has an event there that the database has not",
    "lineage": "the session's own events, or those of an ancestor that it goes on from, are not "
    "where they belong",
    "log_hash": "its place in the log was changed",
    "payload": "it is no longer text",
    "position": "an event was dropped, added or moved",
    "version": "an event of its session was dropped, added or moved",
}
"""By the kind of what is wrong, but for those that take more words."""
COMPARED = {"differs", "left_out", "added"}
"""What can be wrong where an export is held against a database."""


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


def tell_found(visit: "Visit", found: Found) -> int:
    """Tell it to people and machines; the exit code."""
    verdict, bad = found.verdict, found.verdict.first_bad
    told = {
        "ok": bad is None,
        "checked": verdict.checked,
        "head_position": found.ends_at,
        "since": verdict.since,
        "first_bad": None if bad is None else {"position": bad.position, "kind": bad.kind},
        "notes": [_note_view(held, fits=found.fits(held)) for held in found.notes],
    }
    more = {"scope": found.scope, "session_id": found.session_id} if found.scope else {}
    more |= {"filter": found.filter_words} if found.filter_words else {}
    more |= {"database": found.database} if found.database else {}
    visit.screen.result({**told, **more})
    if bad is not None:
        return _tell_bad(visit, found, bad)
    if found.database is not None:
        visit.screen.line(
            ("✓ ", "green"),
            one_line(
                f"the export is what {found.database} holds{_of_what(found)}: "
                f"{counted(verdict.checked, 'event')}, none left out up to position "
                f"{found.ends_at}"
            ),
        )
        return PASSED
    what = "the session" if found.scope == "session" else "the log"
    visit.screen.line(
        ("✓ ", "green"),
        f"{what} verifies: {checked_words(verdict)}, head at {verdict.head_position}",
    )
    return PASSED


def _of_what(found: Found) -> str:
    of = f" of session {found.session_id}" if found.session_id else ""
    return f"{of} with {found.filter_words}" if found.filter_words else of


def tell_unsigned(visit: "Visit", held: HeldNote | None, notes: Sequence[HeldNote]) -> int:
    """Tell that a note is not vouched for, so that nothing was verified; the exit code."""
    position = held.note.position if held else 0
    name = held.name if held else KEPT
    visit.screen.result(
        {
            "ok": False,
            "checked": 0,
            "head_position": None,
            "since": 0,
            "first_bad": {"position": position, "kind": "signature"},
            "notes": [_note_view(one, fits=None) for one in notes],
        }
    )
    visit.screen.line(
        ("✗ ", "bold red"), f"{name} is not signed with that key, so it proves nothing"
    )
    visit.screen.line("  no event was looked at")
    visit.screen.line(
        "  → name a note that is (--against, --since), or the public key of who signed it"
    )
    return AUDIT_BROKEN


def checked_words(verdict: "AuditVerdict") -> str:
    """How many events were checked, and from where on."""
    since = f" since position {verdict.since}" if verdict.since else ""
    return f"{counted(verdict.checked, 'event')}{since}"


def _note_view(held: HeldNote, *, fits: bool | None) -> dict[str, object]:
    return {
        "file": held.file,
        "position": held.note.position,
        "taken_at": held.note.taken_at.isoformat(),
        "signature": held.signature,
        "fits": fits,
    }


def _tell_bad(visit: "Visit", found: Found, bad: "FirstBad") -> int:
    line = visit.screen.line
    line(
        ("✗ ", "bold red"),
        f"not what was written, from position {bad.position} on ({bad.kind}): {_why(found, bad)}",
    )
    if bad.kind in COMPARED:
        line(f"  {counted(found.verdict.checked, 'event')} before it are the same in both")
    elif bad.kind in {"head", "checkpoint"}:
        line(f"  the hashes of {checked_words(found.verdict)} were computed anew and fit together")
    else:
        line(f"  {checked_words(found.verdict)} before it were checked and are whole")
    line(f"  → {_fix(found, bad)}")
    return AUDIT_BROKEN


def _why(found: Found, bad: "FirstBad") -> str:
    if bad.kind == "checkpoint":
        return _why_rewritten(found, bad)
    if bad.kind != "head":
        return _WRONG[bad.kind]
    if found.is_shorter_than_noted:
        names = " and ".join(_named(held) for held in found.notes if found.fits(held) is False)
        return (
            f"the log ends at position {found.reached}, before {names}: events were dropped, or "
            "the note is of another log"
        )
    if found.ends_at is None:
        told = "the last line of the export" if found.scope else "the row of log_head"
        return f"{told}, which says where the log ends, is missing or spoilt"
    if found.ends_at == found.reached:
        return "what the log says of its end has another hash than its last event"
    return (
        f"the log says that it ends at position {found.ends_at}, and its last event is at "
        f"{found.reached}: events were {'dropped' if found.ends_at > found.reached else 'added'}"
    )


def _why_rewritten(found: Found, bad: "FirstBad") -> str:
    names = " and ".join(_named(held) for held in found.notes if found.fits(held) is False)
    fitting = [held for held in found.notes if 0 < held.note.position < bad.position]
    if not fitting:
        return (
            f"{names} says otherwise: the log was rewritten at or before that position, or the "
            "note is of another log"
        )
    last = max(fitting, key=lambda held: held.note.position)
    return (
        f"{names} says otherwise, and {_named(last)} fits: the log was rewritten between these "
        "positions"
    )


def _named(held: HeldNote) -> str:
    return f"{held.name} (position {held.note.position}, {stamp(held.note.taken_at)})"


def _fix(found: Found, bad: "FirstBad") -> str:
    if bad.kind in COMPARED:
        return "ask for the export anew; or name the database that it was taken of"
    if found.scope is not None:
        return "ask for the export anew, and compare it with this one from that position on"
    if bad.kind == "checkpoint":
        return "restore a copy that the note fits, and compare it with what is there"
    return "restore a copy, and compare it with what is there from that position on"
