"""Handing the log to others: exports, and what is taken over from one."""

import shlex
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from runthrough.core.views.verdicts import Found
from runthrough.entrypoints.cli.failing import PASSED
from runthrough.entrypoints.cli.moments import time_typed
from runthrough.entrypoints.cli.screen import Screen
from runthrough.entrypoints.cli.verdicts import tell_found
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import counted, one_line

if TYPE_CHECKING:
    from runthrough.application.importing import Imported
    from runthrough.core.values.store import EventFilter, StoredEvent

_FORMATS = Annotated[
    Literal["jsonl", "csv"],
    typer.Option("--format", metavar="jsonl|csv", help="JSON Lines, or a table; default: jsonl."),
]
_TIME = "A time (ISO 8601; UTC where it names no zone), a day, or 2d, 3h for so long ago"


@visiting()
def export(  # noqa: PLR0917 - the parameters are the command's options
    visit: Visit,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="A new file; else stdout.")
    ] = None,
    form: _FORMATS = "jsonl",
    nodes: Annotated[
        list[str] | None,
        typer.Option("--node", metavar="NODE", help="Only events of this node; may be repeated."),
    ] = None,
    actors: Annotated[
        list[str] | None,
        typer.Option(
            "--actor", metavar="ACTOR", help="Only what this person did; may be repeated."
        ),
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only of this type; may be repeated."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help=f"{_TIME}: only since then.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help=f"{_TIME}: only until then, it included."),
    ] = None,
) -> None:
    """Write the whole log, one session of it, or what passes filters, for an auditor."""
    from runthrough.bootstrap import (  # noqa: PLC0415 - heavy, so inside commands
        naming_for,
        write_export,
    )
    from runthrough.core.values.secrets import masked_text  # noqa: PLC0415 - as above
    from runthrough.core.values.store import EventFilter  # noqa: PLC0415 - as above

    if output is None and visit.screen.as_json:
        raise typer.BadParameter("--json tells what was written to a file: give --output")
    wanted = EventFilter(
        # As history has them, and so as the first line of the export may tell them.
        tuple(map(masked_text, nodes or ())),
        tuple(map(masked_text, actors or ())),
        tuple(_type_named(name) for name in types or ()),
        None if since is None else time_typed("--since", since),
        None if until is None else time_typed("--until", until, end_of_day=True),
    )
    with visit.application(absent="refuse") as application:
        session_id = None
        if visit.session is not None:
            session_id = application.sessions.found(visit.session).session_id
        counter = _Counter()
        naming, upto = naming_for(application.auditing, session_id, wanted)
        rows = application.auditing.stored(session_id, upto=upto)
        lines = counter.counted(_lines(rows, session_id, wanted, naming, form=form))
        if output is None:
            visit.screen.lines(lines)
        else:
            write_export(output, lines)
    frame = FRAME_LINES[form]
    proves = form == "jsonl" and not wanted.leaves_out
    if output is not None:
        events = counter.count - frame
        visit.screen.result(
            {
                "file": output,
                "session_id": session_id,
                "events": events,
                "format": form,
                "filtered": wanted.leaves_out,
                "verifiable": proves,
            }
        )
        visit.screen.line(("✓ ", "green"), f"{counted(events, 'event')} exported to {output}")
    _tell_what_it_proves(visit, output, form=form, filtered=wanted.leaves_out)


FRAME_LINES = {"jsonl": 2, "csv": 1}
"""Of an export: the one that begins it and the one that ends it, or the names of its columns."""


@visiting(session=False)
def import_(
    visit: Visit,
    file: Annotated[str, typer.Argument(metavar="FILE", help="An export that is not filtered.")],
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="OLD=NEW",
            help="Another name here for a session, by its name or id; may be repeated.",
        ),
    ] = None,
) -> int:
    """Take the sessions of an export into this database, with the hashes of their events."""
    from runthrough.bootstrap import open_export  # noqa: PLC0415 - heavy, so inside commands
    from runthrough.errors import AuditFileError  # noqa: PLC0415 - as above

    renamed = dict(_renaming(given) for given in rename or ())
    opened = open_export(file)
    found = opened.verified()
    if not found.verdict.ok:
        code = tell_found(
            visit, Found(found.verdict, found.ends_at, (), found.scope, found.session_id)
        )
        visit.screen.line("  nothing was imported")
        return code
    if found.scope == "filtered":
        raise AuditFileError(
            f"{file} holds only events with {opened.filter_words}; a session is imported whole or "
            "not at all.",
            fix="ask for an export without filters: runthrough audit export --session NAME",
        )
    with visit.application() as application:
        imported = application.importing.take_in(opened, renamed=renamed)
        _tell_imported(visit, imported, file=file, place=application.place)
    return PASSED


def _lines(
    rows: "Iterable[StoredEvent]",
    session_id: str | None,
    wanted: "EventFilter",
    naming: "Iterable[StoredEvent]",
    *,
    form: Literal["jsonl", "csv"],
) -> Iterator[str]:
    from runthrough.bootstrap import export_lines, table_lines  # noqa: PLC0415 - heavy

    write = table_lines if form == "csv" else export_lines
    return write(rows, session_id=session_id, wanted=wanted, naming=naming)


class _Counter:
    """How many lines went through."""

    def __init__(self) -> None:
        self.count = 0

    def counted(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            self.count += 1
            yield line


def _tell_what_it_proves(visit: Visit, output: str | None, *, form: str, filtered: bool) -> None:
    """Say beside the export how it is verified, or that it cannot be."""
    if form == "jsonl" and not filtered:
        if output is not None:
            visit.next(f"runthrough audit verify {shlex.quote(output)}")
        return
    beside = Screen(as_json=True)  # on standard error, whatever goes to standard output
    if form == "csv":
        beside.line(
            "! a table cannot be verified; hand JSON Lines over with it (without --format)"
        )
        return
    where = shlex.quote(output) if output else "FILE"
    beside.line("! some events cannot be verified by themselves; with the database they can:")
    beside.typed("  ", visit.typed_here(f"runthrough audit verify {where} --database URL"))


def _tell_imported(visit: Visit, imported: "Imported", *, file: str, place: str) -> None:
    visit.screen.result(
        {
            "sessions": [
                {
                    "session_id": one.session_id,
                    "name": one.name,
                    "version": one.version,
                    "renamed_from": one.renamed_from,
                }
                for one in imported.sessions
            ],
            "in_part": [
                {"session_id": one.session_id, "name": one.name, "version": one.version}
                for one in imported.in_part
            ],
            "events": imported.events,
        }
    )
    if not imported.sessions:
        visit.screen.line(f"{file} holds no session, so nothing was imported")
        return
    visit.screen.line(
        ("✓ ", "green"),
        f"{counted(len(imported.sessions), 'session')} with {counted(imported.events, 'event')} "
        f"imported into {place}",
    )
    for one in imported.sessions:
        renamed = f" (in the export: {one.renamed_from})" if one.renamed_from else ""
        visit.screen.line(one_line(f"  {one.name}{renamed}, version {one.version}"))
    for one in imported.in_part:
        visit.screen.line(
            ("! ", "yellow"),
            one_line(
                f"{one.name} came only up to version {one.version}, for a fork: an export that "
                "holds all of it, such as that of the whole log, can no longer be imported here"
            ),
        )
    visit.next(f"runthrough history --session {shlex.quote(imported.sessions[0].name)}")


def _renaming(given: str) -> tuple[str, str]:
    old, found, new = given.partition("=")
    if not found or not old or not new:
        raise typer.BadParameter(
            f"--rename {given!r}: write OLD=NEW, such as --rename heron=heron-of-ann"
        )
    return old, new


def _type_named(name: str) -> str:
    """The type of event that is meant.

    Raises:
        typer.BadParameter: There is none of that name.
    """
    from runthrough.core.events import Event  # noqa: PLC0415 - heavy, so inside commands
    from runthrough.core.names import nearest  # noqa: PLC0415 - as above

    known = [kind.__name__ for kind in get_args(get_args(Event)[0])]
    if name not in known:
        close = nearest(name, known)
        meant = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise typer.BadParameter(f"--type {name!r} is no type of event{meant}")
    return name


import_.__name__ = "import"  # what is typed, and no name that Python lets a function have
EXPORT_COMMANDS = (export, import_)
