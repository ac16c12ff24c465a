"""Sessions that come from an export: all with their hashes, or none, into any store."""

from datetime import UTC, datetime

import pytest
from tests.support.pipelines import Place
from tests.support.stored import HOST, A, B, Writer, memory_stores, said, started
from tests.support.testers import Studio

from runthrough.adapters.exports.files import ExportFile, write_export
from runthrough.adapters.exports.jsonl import export_lines
from runthrough.application.caller import Caller
from runthrough.application.importing import Importing
from runthrough.core.events import (
    SessionArchived,
    SessionClosed,
    SessionForked,
    SessionImported,
    SessionRenamed,
)
from runthrough.core.values.ids import SessionId, Version
from runthrough.errors import (
    AuditFileError,
    CommandIdReusedError,
    ImportRefusedError,
    SessionNameTakenError,
    StoreError,
)

C = SessionId("019b0000-0000-7000-8000-00000000000c")
EXPORTED_AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


class Elsewhere:
    """Another log, in memory, and its exports as files."""

    def __init__(self, folder):
        self.stores = memory_stores()
        self.writer = Writer(self.stores.events, prefix="elsewhere")
        self._folder = folder
        self._count = 0

    def rows(self, session_id=None):
        return [row._replace(request_hash="") for row in self.stores.audit.stored(session_id)]

    def export(self, session_id=None, change=lambda line: line):
        """A file with the whole log or one session, each line as `change` leaves it."""
        self._count += 1
        path = self._folder / f"export-{self._count}.jsonl"
        rows = self.stores.audit.stored(session_id)
        lines = export_lines(rows, session_id=session_id, at=EXPORTED_AT, app_version="0.0.9")
        write_export(path, map(change, lines))
        return ExportFile(path)


@pytest.fixture
def elsewhere(tmp_path):
    """A log with an open session `heron` in which somebody wrote twice."""
    log = Elsewhere(tmp_path)
    log.writer.append(A, started("heron"))
    log.writer.append(A, said("1"), said("2"), actor="bob")
    return log


class Here:
    """The log that sessions come to."""

    def __init__(self, studio):
        ports = studio.ports()
        caller = Caller(
            "eve", "setting", "cli", HOST, "ws", "0.1.0", clock=ports.clock, new_id=ports.new_id
        )
        self.stores = studio.stores
        self.writer = Writer(self.stores.events, prefix="here")
        self._importing = Importing(ports, caller)

    def take_in(self, export, **renamed):
        return self._importing.take_in(export, renamed=renamed)

    def events(self, session_id):
        return [*self.stores.events.read(session_id)]

    def listed(self):
        """What the directory tells of every session."""
        return {
            entry.session_id: (entry.name, entry.phase, entry.archived)
            for entry in self.stores.directory.sessions()
        }

    def unchanged_by(self, call):
        """Whether the log and the directory are after a refused call what they were."""
        before = ([*self.stores.audit.stored()], self.listed())
        call()
        return before == ([*self.stores.audit.stored()], self.listed())


@pytest.fixture
def here(studio):
    return Here(studio)


def hashes(rows):
    return [(row.session_id, row.version, row.event_hash) for row in rows]


def test_session_comes_with_its_hashes_and_says_where_from(elsewhere, here):
    """Its rows stand here as they stood there, then an event of the importer's."""
    here.writer.append(B, started("owl"))
    (came,) = here.take_in(elsewhere.export(A)).sessions
    assert (came.session_id, came.name, came.version, came.renamed_from) == (A, "heron", 4, None)
    rows = [*here.stores.audit.stored(A)]
    assert hashes(rows[:3]) == hashes(elsewhere.rows(A))
    assert [row.position for row in rows] == [2, 3, 4, 5]
    imported = here.events(A)[-1]
    assert imported.event == SessionImported(
        origin={"exported_at": EXPORTED_AT, "app_version": "0.0.9", "whole": True}
    )
    assert (imported.metadata.actor, imported.metadata.door) == ("eve", "cli")
    assert here.stores.audit.verify().ok


def test_imported_session_is_listed_as_it_was(elsewhere, here):
    """Name, pipeline, phase, begin and last event are those of the export."""
    elsewhere.writer.append(B, started("owl", "farm"), SessionClosed())
    elsewhere.writer.append(C, started("crane"), SessionClosed(), SessionArchived())
    assert here.take_in(elsewhere.export()).events == 3 + 2 + 3
    assert here.listed() == {
        A: ("heron", "open", False),
        B: ("owl", "closed", False),
        C: ("crane", "closed", True),
    }
    there, found = elsewhere.stores.directory.find(B), here.stores.directory.find(B)
    assert (found.dag_name, found.created_at) == ("farm", there.created_at)


def test_imported_session_goes_on(elsewhere, here):
    """Whoever imported a session can go on with it, and the log stays whole."""
    here.take_in(elsewhere.export(A))
    here.writer.append(A, said("here"))
    assert [e.version for e in here.events(A)] == [1, 2, 3, 4, 5]
    assert here.stores.audit.verify().ok


def test_what_was_imported_can_be_exported_and_imported_again(elsewhere, here, tmp_path):
    """A log passes through any number of databases, and each import is told in it."""
    here.take_in(elsewhere.export(A))
    third = Here(Studio(Place(tmp_path / "third"), memory_stores()))
    path = tmp_path / "again.jsonl"
    rows = here.stores.audit.stored(A)
    write_export(path, export_lines(rows, session_id=A, at=EXPORTED_AT, app_version="0.1.0"))
    assert third.take_in(ExportFile(path)).events == 4
    kinds = [e.event.type for e in third.events(A)]
    assert kinds == [
        "SessionStarted",
        "CommandRefused",
        "CommandRefused",
        *["SessionImported"] * 2,
    ]
    assert third.stores.audit.verify().ok


def test_session_that_is_here_is_refused_by_name(elsewhere, here):
    """Nothing of an export is imported where one of its sessions is here already."""
    here.take_in(elsewhere.export(A))
    elsewhere.writer.append(B, started("owl"))

    def again():
        with pytest.raises(ImportRefusedError, match=r"already: heron\. Nothing was imported"):
            here.take_in(elsewhere.export())

    assert here.unchanged_by(again)


def test_taken_name_gets_a_number(elsewhere, here):
    """Where an open session has the name, the one that comes is called otherwise, and says so."""
    here.writer.append(B, started("heron"))
    here.writer.append(C, started("heron-2"))
    (came,) = here.take_in(elsewhere.export(A)).sessions
    assert (came.name, came.renamed_from, came.version) == ("heron-3", "heron", 5)
    assert here.events(A)[-1].event == SessionRenamed(name="heron-3")
    assert here.listed()[A] == ("heron-3", "open", False)


def test_two_sessions_of_one_name_do_not_meet(elsewhere, here):
    """A closed session keeps the name that an open one has, here as there."""
    elsewhere.writer.append(A, SessionClosed())
    elsewhere.writer.append(B, started("heron"))
    here.take_in(elsewhere.export())
    assert here.listed() == {A: ("heron", "closed", False), B: ("heron", "open", False)}


def test_name_is_given_by_whoever_imports(elsewhere, here):
    """A session is renamed by its name or its id, closed ones too."""
    elsewhere.writer.append(B, started("owl"), SessionClosed())
    came = here.take_in(elsewhere.export(), heron="ibis", **{B: "eagle"}).sessions
    assert [(one.name, one.renamed_from) for one in came] == [("ibis", "heron"), ("eagle", "owl")]
    assert {name for name, *_ in here.listed().values()} == {"ibis", "eagle"}


def test_given_name_that_is_taken_is_refused(elsewhere, here):
    """Nobody is given another name than the one that was asked for."""
    here.writer.append(B, started("ibis"))

    def taken():
        with pytest.raises(SessionNameTakenError, match="ibis"):
            here.take_in(elsewhere.export(A), heron="ibis")

    assert here.unchanged_by(taken)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ({"owl": "x"}, "No session of the export is called 'owl'"),
        ({"heron": "x"}, "More than one"),
    ],
)
def test_name_of_no_session_or_of_two_is_refused(elsewhere, here, names, told):
    """A renaming must mean one session of the export; those that it holds are told."""
    elsewhere.writer.append(A, SessionClosed())
    elsewhere.writer.append(B, started("heron"))

    def mistaken():
        with pytest.raises(ImportRefusedError, match=told):
            here.take_in(elsewhere.export(), **names)

    assert here.unchanged_by(mistaken)


def test_export_that_breaks_on_the_way_leaves_nothing(elsewhere, here):
    """A file that is changed between its check and its import is found, and undone whole."""
    elsewhere.writer.append(A, *[said("x")] * 2000)

    def edited(line):
        return line.replace('"rtversion":1999', '"rtversion":1998')

    def broken():
        with pytest.raises(AuditFileError, match="not what was written, from position 1999"):
            here.take_in(elsewhere.export(A, change=edited))

    assert here.unchanged_by(broken)


def test_event_of_a_newer_runthrough_is_refused(elsewhere, here, monkeypatch):
    """What this version cannot read is not imported, and the upgrade is named."""
    from runthrough.adapters.store import codec

    export = elsewhere.export(A)
    monkeypatch.setitem(codec._SCHEMA_VERSIONS, "CommandRefused", 0)

    def newer():
        with pytest.raises(StoreError, match="does not know"):
            here.take_in(export)

    assert here.unchanged_by(newer)


def forged(elsewhere, session_id, *events):
    """An export whose hashes fit, of what no runthrough would have recorded."""
    elsewhere.writer.append(session_id, *events)
    return elsewhere.export(session_id)


@pytest.mark.parametrize(
    "session_id", ["../../../../tmp/x", "@last", C.upper(), f"{C}\u2028", C[:-1]]
)
def test_session_with_an_id_that_nobody_gave_is_refused(elsewhere, here, session_id):
    """An id names a folder, so a file that was made by hand cannot choose one."""
    export = forged(elsewhere, SessionId(session_id), started("crane"))
    assert export.verified().verdict.ok

    def take_in():
        with pytest.raises(ImportRefusedError, match="none that runthrough gives"):
            here.take_in(export)

    assert here.unchanged_by(take_in)


def test_session_that_does_not_begin_as_one_is_refused(elsewhere, here):
    """Where the first event begins no session, there is no pipeline to go on with."""
    export = forged(elsewhere, C, said("first"))

    def take_in():
        with pytest.raises(ImportRefusedError, match="begins with a CommandRefused"):
            here.take_in(export)

    assert here.unchanged_by(take_in)


@pytest.mark.parametrize("name", ["", "@last", "a\x1b[2J", "a\nb: runthrough", "hf_" + "a" * 30])
def test_session_whose_name_cannot_be_typed_needs_another(elsewhere, here, name):
    """A name that could not have been given is refused, and is no part of what is told."""
    export = forged(elsewhere, C, started(name))

    def take_in():
        with pytest.raises(ImportRefusedError, match="nobody can call one so") as refused:
            here.take_in(export)
        assert f"--rename {C}=NAME" in refused.value.fix
        assert refused.value.message.isprintable()
        assert "hf_a" not in refused.value.message

    assert here.unchanged_by(take_in)
    (came,) = here.take_in(export, **{C: "crane"}).sessions
    assert (came.name, here.listed()[C]) == ("crane", ("crane", "open", False))


def test_imported_command_answers_nobody(elsewhere, here):
    """A command that was imported is not the one that somebody sends here with its id."""
    here.take_in(elsewhere.export(A))
    imported = elsewhere.rows(A)[0].command_id
    with pytest.raises(CommandIdReusedError):
        here.writer.append(B, started("owl"), command_id=imported)


def test_empty_export_brings_nothing(tmp_path, here):
    """A log without an event has no session to import."""
    came = here.take_in(Elsewhere(tmp_path).export())
    assert (came.sessions, came.events) == ((), 0)


def forked(log, at, session_id=B, parent=A, name="owl"):
    """Let a session go on from a version of another one, and say something."""
    fork = SessionForked(parent=parent, at=Version(at), name=name)
    log.writer.append(session_id, fork, said(f"{name} 1"), at_version=at)


def test_fork_brings_what_it_goes_on_from(elsewhere, here):
    """Its ancestor comes as far as the fork needs it, hidden, and says that it is a part."""
    forked(elsewhere, at=2)
    imported = here.take_in(elsewhere.export(B))
    (came,) = imported.sessions
    assert (came.session_id, came.name, came.version) == (B, "owl", 5)
    assert [(one.session_id, one.version) for one in imported.in_part] == [(A, 2)]
    assert here.listed() == {A: ("heron", "closed", True), B: ("owl", "open", False)}
    assert [e.event.type for e in here.events(B)][-3:] == [
        "SessionForked",
        "CommandRefused",
        "SessionImported",
    ]
    assert hashes(here.stores.audit.stored(B))[:4] == hashes(elsewhere.rows(B))
    assert not here.events(A)[-1].event.origin.whole
    entry = here.stores.directory.find(B)
    assert (entry.parent, entry.forked_at) == (A, 2)
    assert here.stores.audit.verify().ok


def test_hidden_ancestor_does_not_take_a_name(elsewhere, here):
    """Beside a session of the ancestor's name a fork is imported without renaming anything."""
    here.writer.append(C, started("heron"))
    forked(elsewhere, at=2)
    (came,) = here.take_in(elsewhere.export(B)).sessions
    assert came.renamed_from is None
    assert here.listed()[A] == ("heron", "closed", True)


def test_ancestor_that_is_here_is_used(elsewhere, here):
    """A second fork goes on from the ancestor that the first one brought."""
    forked(elsewhere, at=2)
    forked(elsewhere, at=2, session_id=C, name="crane")
    here.take_in(elsewhere.export(B))
    before = here.events(A)
    came = here.take_in(elsewhere.export(C))
    assert came.events == 2
    assert here.events(A) == before
    assert here.stores.audit.verify().ok


def test_ancestor_that_is_here_only_in_part_is_refused(elsewhere, here):
    """A fork of a later version cannot go on from what an earlier fork brought."""
    forked(elsewhere, at=2)
    forked(elsewhere, at=3, session_id=C, name="crane")
    here.take_in(elsewhere.export(B))

    def later():
        with pytest.raises(ImportRefusedError, match=f"a fork of {A}.*not as it was at version 3"):
            here.take_in(elsewhere.export(C))

    assert here.unchanged_by(later)


def test_whole_log_brings_forks_and_their_parents_whole(elsewhere, here):
    """Of a whole log nothing is hidden, whatever goes on from what."""
    forked(elsewhere, at=2)
    elsewhere.writer.append(A, said("later"), at_version=3)
    here.take_in(elsewhere.export())
    assert here.listed() == {A: ("heron", "open", False), B: ("owl", "open", False)}
    assert hashes(here.stores.audit.stored())[:6] == hashes(elsewhere.rows())
    assert here.stores.audit.verify().ok
