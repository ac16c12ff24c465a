"""Proving the log: verification and checkpoints."""

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.core.views.verdicts import KEPT, Found, HeldNote
from runthrough.entrypoints.cli.failing import PASSED
from runthrough.entrypoints.cli.screen import Screen
from runthrough.entrypoints.cli.verdicts import (
    COMPARED,
    checked_words,
    tell_found,
    tell_unsigned,
)
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import stamp
from runthrough.errors import AuditFileError, StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from runthrough.adapters.exports.files import ExportFile
    from runthrough.application.auditing import Auditing
    from runthrough.core.values.store import AuditVerdict, Checkpoint

_PEM = "PEM"


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
    read = {path: read_note(path) for path in dict.fromkeys([*(against or ()), since]) if path}
    if public_key is not None and not read and not new:
        raise typer.BadParameter(
            "--public-key is about notes: give one with --against or --since, or give --new"
        )
    held = {path: _held(visit, path, note, public_key) for path, note in read.items()}
    for one in held.values():
        if not _is_vouched_for(one, public_key):
            return tell_unsigned(visit, one, list(held.values()))
    notes = [held[path] for path in dict.fromkeys(against or ())]
    if file is not None:
        return _verify_export(visit, file, notes)
    with visit.application(absent="refuse") as application:
        auditing = application.auditing
        trusted = held[since] if since else None
        if new:
            trusted = _kept(visit, auditing.last_checkpoint(), public_key)
            if not _is_vouched_for(trusted, public_key):
                return tell_unsigned(visit, trusted, [*notes, *([trusted] if trusted else [])])
        verdict = auditing.verify(
            since=trusted.note if trusted else None, against=[one.note for one in notes]
        )
        if trusted is not None and trusted not in notes:
            notes.append(trusted)
        return tell_found(visit, Found(verdict, _end(auditing, verdict), notes))


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

    with visit.application(absent="refuse") as application:
        auditing = application.auditing
        verdict, taken = auditing.checkpoint()
        if not verdict.ok:
            kept = _kept(visit, auditing.last_checkpoint(), None)
            notes = [kept] if kept else []
            return tell_found(visit, Found(verdict, _end(auditing, verdict), notes))
        if sign is not None:
            taken = signed(taken, sign)
        text = write_note(output, taken)
        lacking = _lacking(auditing, taken, output)
    visit.screen.result(
        {
            "position": taken.position,
            "log_hash": taken.log_hash,
            "taken_at": taken.taken_at.isoformat(),
            "signed": taken.signature is not None,
            "note": output,
            "kept": lacking is None,
            "checked": verdict.checked,
            "since": verdict.since,
        }
    )
    screen = visit.screen
    if output is None and not screen.as_json:
        screen.raw(text)
        screen = Screen(as_json=True)  # what is told of the note goes beside it
    screen.line(
        ("✓ ", "green"),
        f"{checked_words(verdict)} {'was' if verdict.checked == 1 else 'were'} checked; the log "
        f"at position {taken.position} is noted{' and signed' if taken.signature else ''}; keep "
        "the note where the database is not",
    )
    if lacking is not None:
        screen.line(("! ", "yellow"), f"the database does not keep it as well: {lacking}")
    return PASSED


def _lacking(auditing: "Auditing", taken: "Checkpoint", output: str | None) -> str | None:
    """Keep a checkpoint in the database; why it does not where this user may only read.

    Raises:
        StoreError: It cannot be kept for another reason; the note is taken back.
    """
    from runthrough.bootstrap import withdraw  # noqa: PLC0415 - heavy

    try:
        auditing.keep(taken)
    except StoreError as why:
        if isinstance(why, StoreUnavailableError) and why.forbidden:
            return why.message
        if output is not None:
            withdraw(output)
        raise
    return None


def _held(visit: Visit, file: str | None, note: "Checkpoint", public_key: str | None) -> HeldNote:
    """A note with what is known of its signature, which is told as well."""
    from runthrough.bootstrap import is_signed_by  # noqa: PLC0415 - heavy

    if public_key is None:
        held = HeldNote(file, note, "none" if note.signature is None else "not_checked")
        if note.signature is not None:
            visit.screen.line(f"{held.name}: its signature was not checked; give --public-key")
        return held
    if not is_signed_by(note, public_key):
        return HeldNote(file, note, "none" if note.signature is None else "invalid")
    held = HeldNote(file, note, "valid")
    visit.screen.line(f"{held.name}: signed by {public_key}, {stamp(note.taken_at)}")
    return held


def _kept(visit: Visit, note: "Checkpoint | None", public_key: str | None) -> HeldNote | None:
    """The checkpoint that the database keeps, if it keeps one."""
    if note is None:
        visit.screen.line(f"{KEPT}: there is none, so nothing is trusted")
        return None
    return _held(visit, None, note, public_key)


def _is_vouched_for(held: HeldNote | None, public_key: str | None) -> bool:
    """Whether a note may be relied on: signed by the key, or no key is given."""
    return public_key is None or (held is not None and held.signature == "valid")


def _end(auditing: "Auditing", verdict: "AuditVerdict") -> int | None:
    """Where the log says that it ends; asked again only where something is wrong with it."""
    if verdict.first_bad is None or verdict.head_position:
        return verdict.head_position
    head = auditing.head()
    return None if head is None else head.position


def _verify_export(visit: Visit, file: str, notes: list[HeldNote]) -> int:
    from runthrough.bootstrap import open_export  # noqa: PLC0415 - heavy

    export = open_export(file)
    found = export.verified(against=[one.note for one in notes])
    told = Found(found.verdict, found.ends_at, notes, found.scope, found.session_id)
    if not found.verdict.ok or found.ends_at is None:
        return tell_found(visit, told)
    if visit.database is not None:
        return _held_against_database(visit, export, told, ends_at=found.ends_at)
    if found.scope == "filtered":
        raise AuditFileError(
            f"{file} holds only events with {export.filter_words}, so that their chain cannot be "
            "computed from it: by itself it proves nothing.",
            fix="hold it against the database: runthrough audit verify "
            f"{shlex.quote(file)} --database URL; or ask for an export without filters",
        )
    return tell_found(visit, told)


def _held_against_database(
    visit: Visit, export: "ExportFile", told: Found, *, ends_at: int
) -> int:
    with visit.application(absent="refuse") as application:
        auditing = application.auditing
        verdict = auditing.compare(export, fits=export.fits, ends_at=ends_at)
        bad = verdict.first_bad
        if bad is not None and bad.kind not in COMPARED:
            visit.screen.line(
                f"{application.place} does not verify, so that nothing can be held against it:"
            )
            return tell_found(visit, Found(verdict, _end(auditing, verdict)))
        found = replace(
            told,
            verdict=verdict,
            database=application.place,
            filter_words=export.filter_words,
        )
        return tell_found(visit, found)


AUDIT_COMMANDS = (verify, checkpoint)
