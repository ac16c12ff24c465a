"""The session as a whole: forked, named, moved, noted upon, approved, put away."""

import pytest
from tests.support.builders import (
    HOLDER,
    HOME,
    RUN,
    SESSION,
    STARTED_AT,
    pipeline,
    plan_of,
    session_started,
)
from tests.support.dsl import given

from runthrough.core.commands import (
    AddNote,
    ApproveVersion,
    ArchiveSession,
    ForkSession,
    ImportSession,
    MoveHome,
    RenameSession,
    ReopenSession,
)
from runthrough.core.events import (
    HomeMoved,
    NoteAdded,
    RunStarted,
    SessionArchived,
    SessionClosed,
    SessionForked,
    SessionImported,
    SessionRenamed,
    SessionReopened,
    VersionApproved,
)
from runthrough.core.values.metadata import Home, Origin
from runthrough.errors import (
    CommandRefusedError,
    NotClosedError,
    RunInProgressError,
    SessionClosedError,
)

STARTED = session_started(pipeline(("clean", "train")))
RUNNING = RunStarted(
    run=RUN,
    plan=plan_of("clean"),
    holder=HOLDER,
    runner="process:",
    jobs=1,
    fail_fast=False,
    reuse=True,
)
ELSEWHERE = Home(host="host-2", name="bob-ws")
ORIGIN = Origin(exported_at=STARTED_AT, app_version="0.1.0")
GREEN = {"clean": "a" * 64, "train": "b" * 64}


def test_a_fork_begins_where_its_parent_was():
    """Whatever the parent is doing; another version is none of its business."""
    command = ForkSession(parent="parent-1", at=2, name="calm-heron")
    given(STARTED, RUNNING).when(command).then(
        SessionForked(parent="parent-1", at=2, name="calm-heron")
    )
    given(STARTED).when(command).refused_with(CommandRefusedError, "version 2", "not 1")
    own = command.model_copy(update={"parent": SESSION, "at": 1})
    given(STARTED).when(own).refused_with(CommandRefusedError)


def test_an_import_says_where_the_session_comes_from():
    """Where its name is taken it gets another one at once."""
    given(STARTED).when(ImportSession(origin=ORIGIN)).then(SessionImported(origin=ORIGIN))
    given(STARTED, SessionClosed()).when(ImportSession(origin=ORIGIN, name="quiet-heron-2")).then(
        SessionImported(origin=ORIGIN), SessionRenamed(name="quiet-heron-2")
    )


def test_the_home_moves_while_nothing_runs():
    """A run holds it where it is, and moving to where it lives is refused."""
    given(STARTED).when(MoveHome(home=ELSEWHERE)).then(HomeMoved(home=ELSEWHERE))
    given(STARTED, RUNNING).when(MoveHome(home=ELSEWHERE)).refused_with(
        RunInProgressError, "ann-ws"
    )
    given(STARTED).when(MoveHome(home=HOME)).refused_with(CommandRefusedError, "already")


def test_a_note_is_kept_in_every_phase_unless_it_says_nothing():
    """Also a closed session may be remarked upon."""
    for events in ((), (RUNNING,), (SessionClosed(),)):
        given(STARTED, *events).when(AddNote(text="x")).then(NoteAdded(text="x"))
    given(STARTED).when(AddNote(text=" \n")).refused_with(CommandRefusedError, "says nothing")


def test_what_has_passed_is_approved_with_its_fingerprints():
    """The event holds the version and one fingerprint a node."""
    given(STARTED).when(ApproveVersion(version=1, fingerprints=GREEN)).then(
        VersionApproved(version=1, fingerprints=GREEN)
    )


@pytest.mark.parametrize("version", [1, 2])
def test_what_has_not_passed_is_not_approved(version):
    """The refusal names the nodes, at most five of them."""
    open_nodes = tuple(f"n{place}" for place in range(7))
    command = ApproveVersion(version=version, fingerprints=GREEN, open_nodes=open_nodes)
    error = (
        given(STARTED)
        .when(command)
        .refused_with(CommandRefusedError, "n0, n1, n2, n3, n4 and 2 more")
    )
    assert ("history" in error.fix) == (version != 1)
    none = ApproveVersion(version=version, fingerprints={})
    given(STARTED).when(none).refused_with(CommandRefusedError, "Only what has passed")


def test_a_session_is_renamed_unless_it_is_called_so():
    """A closed one keeps its name until it is reopened."""
    given(STARTED).when(RenameSession(name="loud-heron")).then(SessionRenamed(name="loud-heron"))
    given(STARTED).when(RenameSession(name="quiet-heron")).refused_with(CommandRefusedError)
    given(STARTED, SessionClosed()).when(RenameSession(name="x")).refused_with(SessionClosedError)


def test_only_a_closed_session_is_archived_and_only_once():
    """An open one is to be closed first."""
    given(STARTED).when(ArchiveSession()).refused_with(NotClosedError)
    closed = given(STARTED, SessionClosed())
    closed.when(ArchiveSession()).then(SessionArchived())
    given(STARTED, SessionClosed(), SessionArchived()).when(ArchiveSession()).refused_with(
        CommandRefusedError, "already"
    )


def test_a_part_that_only_a_fork_needs_is_not_gone_on_with():
    """It is not reopened, and a fork of it is a session like any other."""
    origin = ORIGIN.model_copy(update={"whole": False})
    part = given(STARTED, SessionImported(origin=origin))
    part.when(ReopenSession()).refused_with(CommandRefusedError, "part", "runthrough fork")
    fork = given(
        STARTED,
        SessionImported(origin=origin),
        SessionForked(parent="p", at=2, name="f"),
        SessionClosed(),
    )
    fork.when(ReopenSession()).then(SessionReopened())


@pytest.mark.parametrize("command", [ReopenSession(), ArchiveSession()])
def test_what_goes_on_with_closed_sessions_is_refused_alike_while_a_run_is_on(command):
    """That the run ends would not help."""
    given(STARTED, RUNNING).when(command).refused_with(NotClosedError, "The session is open")
