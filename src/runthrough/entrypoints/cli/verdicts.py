"""What a verification of the log found: in words, and as JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runthrough.core.views.verdicts import KEPT, Found, HeldNote, found_view, note_view
from runthrough.entrypoints.cli.failing import AUDIT_BROKEN, PASSED
from runthrough.entrypoints.cli.words import counted, one_line, stamp

if TYPE_CHECKING:
    from runthrough.core.values.store import AuditVerdict, FirstBad
    from runthrough.entrypoints.cli.visit import Visit

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


def tell_found(visit: "Visit", found: Found) -> int:
    """Tell it to people and machines; the exit code."""
    verdict, bad = found.verdict, found.verdict.first_bad
    visit.screen.result(found_view(found))
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
            "notes": [note_view(one, fits=None) for one in notes],
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
