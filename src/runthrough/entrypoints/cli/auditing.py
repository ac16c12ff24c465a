"""Proving the log: verification, checkpoints, exports."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.failing import AUDIT_BROKEN
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import counted, stamp

if TYPE_CHECKING:
    from runthrough.core.values.store import AuditVerdict, Checkpoint

_WRONG = {
    "checkpoint": "the log was rewritten after the checkpoint of that position was taken",
    "event_hash": "the event was changed, or its session's events were",
    "head": "the log ends where it should not: events were dropped or added",
    "line": "the line is not as the export wrote it",
    "log_hash": "its place in the log was changed",
    "payload": "it is no longer text",
    "position": "an event was dropped, added or moved",
    "version": "an event of its session was dropped, added or moved",
}
"""By the kind of what is wrong."""
_PEM = "PEM"
_KEPT = "the last checkpoint that the database keeps"


@visiting(session=False)
def verify(  # noqa: PLR0917 - the parameters are the command's options
    visit: Visit,
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="An export to verify instead of the database."),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            metavar="NOTE",
            help="The log must pass through the checkpoint of this note; may be repeated.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="NOTE", help="Trust the log up to this note's checkpoint."
        ),
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Trust it up to the last checkpoint the database keeps.")
    ] = False,
    public_key: Annotated[
        str | None,
        typer.Option(
            "--public-key", metavar=_PEM, help="Notes must be signed by the key of this one."
        ),
    ] = None,
) -> int:
    """Recompute the chain of hashes; exit 6 where it is broken."""
    from runthrough.bootstrap import read_note  # noqa: PLC0415 - heavy, so inside commands

    if (since is not None) + new + (file is not None) > 1:
        raise typer.BadParameter("FILE, --since and --new exclude each other")
    notes = {path: read_note(path) for path in dict.fromkeys([*(against or ()), since]) if path}
    if public_key is not None and not notes and not new:
        raise typer.BadParameter(
            "--public-key is about notes: give one with --against or --since, or give --new"
        )
    for path, note in notes.items():
        if not _is_vouched_for(visit, path, note, public_key):
            return _tell_unsigned(visit, path, note.position)
    held = [notes[path] for path in against or ()]
    if file is not None:
        return _verify_export(visit, file, held)
    with visit.application() as application:
        auditing = application.auditing
        trusted = notes[since] if since else auditing.last_checkpoint() if new else None
        if new and not _is_vouched_for(visit, _KEPT, trusted, public_key):
            return _tell_unsigned(visit, _KEPT, trusted.position if trusted else 0)
        return _tell(visit, auditing.verify(since=trusted, against=held))


@visiting(session=False)
def checkpoint(
    visit: Visit,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="NOTE", help="A new file for the note."),
    ] = None,
    sign: Annotated[
        str | None,
        typer.Option("--sign", metavar=_PEM, help="Sign it with this private key (Ed25519)."),
    ] = None,
) -> int:
    """Verify what came since the last checkpoint, and note the end of the log."""
    from runthrough.bootstrap import signed, write_note  # noqa: PLC0415 - heavy

    with visit.application() as application:
        verdict, taken = application.auditing.checkpoint()
        if not verdict.ok:
            return _tell(visit, verdict)
        if sign is not None:
            taken = signed(taken, sign)
        text = write_note(output, taken)
        application.auditing.keep(taken)
    visit.screen.result(
        {
            "position": taken.position,
            "log_hash": taken.log_hash,
            "taken_at": taken.taken_at.isoformat(),
            "signed": taken.signature is not None,
            "note": output,
        }
    )
    if output is None and not visit.screen.as_json:
        visit.screen.raw(text)
        return 0
    visit.screen.line(
        ("✓ ", "green"),
        f"the log at position {taken.position} is noted"
        f"{' and signed' if taken.signature else ''}; keep the note where the database is not",
    )
    return 0


@visiting()
def export(
    visit: Visit,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="A new file; else stdout.")
    ] = None,
) -> None:
    """Write the whole log, or one session of it, as JSON Lines for an auditor."""
    from runthrough.bootstrap import export_lines, write_export  # noqa: PLC0415 - heavy

    if output is None and visit.screen.as_json:
        raise typer.BadParameter("--json tells what was written to a file: give --output")
    with visit.application() as application:
        session_id = None
        if visit.session is not None:
            session_id = application.sessions.found(visit.session).session_id
        lines = export_lines(application.auditing.stored(session_id), session_id=session_id)
        if output is None:
            # As UTF-8 wherever it goes: the text is what is verified.
            sys.stdout.buffer.writelines(line.encode() for line in lines)
            return
        events = write_export(output, lines) - FRAME_LINES
    visit.screen.result({"file": output, "session_id": session_id, "events": events})
    visit.screen.line(("✓ ", "green"), f"{counted(events, 'event')} exported to {output}")
    visit.next(f"runthrough audit verify {output}")


FRAME_LINES = 2
"""Of an export: the one that begins it and the one that ends it."""


def _is_vouched_for(
    visit: Visit, name: str, note: "Checkpoint | None", public_key: str | None
) -> bool:
    """Whether the note may be relied on: signed by the key, or no key is given.

    A note that is not there needs no signature where none is asked for.
    """
    from runthrough.bootstrap import is_signed_by  # noqa: PLC0415 - heavy

    if note is None:
        visit.screen.line(f"{name}: there is none, so nothing is trusted")
        return public_key is None
    if public_key is None:
        if note.signature is not None:
            visit.screen.line(f"{name}: its signature was not checked; give --public-key")
        return True
    if not is_signed_by(note, public_key):
        return False
    visit.screen.line(f"{name}: signed by {public_key}, {stamp(note.taken_at)}")
    return True


def _tell_unsigned(visit: Visit, name: str, position: int) -> int:
    first_bad = {"position": position, "kind": "signature"}
    visit.screen.result(
        {"ok": False, "checked": 0, "head_position": 0, "since": 0, "first_bad": first_bad}
    )
    visit.screen.line(
        ("✗ ", "bold red"), f"{name} is not signed with that key, so it proves nothing"
    )
    visit.screen.line(
        "  → name a note that is (--against, --since), or the public key of who signed it"
    )
    return AUDIT_BROKEN


def _verify_export(visit: Visit, file: str, against: "list[Checkpoint]") -> int:
    from runthrough.bootstrap import verify_export  # noqa: PLC0415 - heavy

    found = verify_export(file, against=against)
    return _tell(visit, found.verdict, scope=found.scope, session_id=found.session_id)


def _tell(visit: Visit, verdict: "AuditVerdict", **more: str | None) -> int:
    result = {
        "checked": verdict.checked,
        "head_position": verdict.head_position,
        "since": verdict.since,
        **more,
    }
    bad = verdict.first_bad
    if bad is not None:
        return _tell_bad(visit, result, bad.position, bad.kind)
    visit.screen.result({"ok": True, **result, "first_bad": None})
    since = f" since position {verdict.since}" if verdict.since else ""
    what = "the session" if more.get("scope") == "session" else "the log"
    visit.screen.line(
        ("✓ ", "green"),
        f"{what} verifies: {counted(verdict.checked, 'event')}{since}, "
        f"head at {verdict.head_position}",
    )
    return 0


def _tell_bad(
    visit: Visit, result: "dict[str, int | str | None]", position: int, kind: str
) -> int:
    first_bad = {"position": position, "kind": kind}
    visit.screen.result({"ok": False, **result, "first_bad": first_bad})
    visit.screen.line(
        ("✗ ", "bold red"),
        f"not what was written, from position {position} on ({kind}): {_WRONG[kind]}",
    )
    visit.screen.line(f"  {result['checked']} events before it were checked and are whole")
    visit.screen.line(
        "  → restore a copy, and compare it with what is there from that position on"
    )
    return AUDIT_BROKEN


AUDIT_COMMANDS = (verify, checkpoint, export)
