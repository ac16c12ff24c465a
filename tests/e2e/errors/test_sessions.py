"""Errors of sessions that cannot be found, made, read or taken in."""

import pytest
from tests.support.provoked import at_the_start, provokes, with_answers, with_questions

from runthrough.errors import (
    ImportRefusedError,
    NoRunError,
    SessionError,
    SessionNameTakenError,
    UnknownSessionError,
    UnknownVersionError,
)

pytestmark = pytest.mark.slow

VERSIONS = "runthrough history lists them"


@provokes(UnknownSessionError)
def test_a_session_that_is_none(tmp_path):
    """The sessions there are stand in the error, and each command that is told works."""
    victim = with_questions(tmp_path)
    told = victim.refused(
        "status --session demi",
        UnknownSessionError,
        "No session fits 'demi'. Sessions: demo (open). Looked in FOLDER/log.db.",
        "runthrough sessions lists them; --session NAME chooses one; runthrough new PIPELINE "
        "starts one",
    )
    assert "demo" in victim.follow(told, "runthrough sessions").out
    victim.line("status --session demo")
    victim.follow(told, "runthrough new PIPELINE", PIPELINE="pipeline.yaml")


@provokes(UnknownSessionError)
def test_several_sessions_of_the_folder(tmp_path):
    """Behind work on another session, one of several here is to be named; none is guessed."""
    victim = with_questions(tmp_path)
    victim.line("fork --name other")
    victim.line("status --json")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "pipeline.yaml").write_text("name: far\nnodes: {Far: }\n")
    victim.line(f"new {elsewhere}/pipeline.yaml --name far --workspace {elsewhere}")
    told = victim.refused(
        "run",
        UnknownSessionError,
        "Sessions other, demo are open in this folder, and you were last in another one. "
        "Looked in FOLDER/log.db.",
        "runthrough sessions lists them; --session NAME chooses one",
    )
    assert "other" in victim.follow(told, "runthrough sessions").out
    victim.line("status --session other")


@provokes(UnknownSessionError)
def test_no_session_at_all(tmp_path):
    """In an empty database the command that begins a session is enough."""
    victim = at_the_start(tmp_path)
    victim.line("db upgrade")
    told = victim.refused(
        "status",
        UnknownSessionError,
        "No session fits '@last'. There is no session. Looked in FOLDER/log.db.",
        "runthrough sessions lists them; --session NAME chooses one; runthrough new PIPELINE "
        "starts one",
    )
    victim.follow(told, "runthrough new PIPELINE", PIPELINE="pipeline.yaml")
    victim.line("status")


@pytest.mark.parametrize("line", ["as-of 99", "fork --at 99", "diff 1 99"])
@provokes(UnknownVersionError)
def test_a_version_that_never_was(tmp_path, line):
    """The versions there are stand in the error, and are listed by the command."""
    victim = with_questions(tmp_path)
    told = victim.refused(
        line, UnknownVersionError, "Session 'demo' has versions 1 to 12, not 99.", VERSIONS
    )
    assert "12" in victim.follow(told, "runthrough history").out
    victim.line("as-of 12")


@provokes(SessionNameTakenError)
def test_a_name_that_is_taken(tmp_path):
    """One goes on with the session of that name, also where it has to be quoted."""
    victim = at_the_start(tmp_path)
    victim.line("new pipeline.yaml --name 'two words'")
    told = victim.refused(
        "new pipeline.yaml --name 'two words'",
        SessionNameTakenError,
        "An open session is already called 'two words'.",
        "go on with it (runthrough resume --session 'two words') or choose another --name",
    )
    victim.follow(told, "runthrough resume --session 'two words'")
    victim.line("new pipeline.yaml --name another")


@pytest.mark.parametrize("form", ["--html -o run.html", "--junit", "--markdown", ""])
@provokes(NoRunError)
def test_a_report_of_nothing(tmp_path, form):
    """The run that is advised makes something to report."""
    victim = with_answers(tmp_path)
    told = victim.refused(
        f"report {form}",
        NoRunError,
        "There is nothing to report: session 'demo' has had no run.",
        "runthrough run",
    )
    victim.follow(told, "runthrough run")
    victim.line(f"report {form}")


@provokes(SessionError)
def test_a_time_before_the_session(tmp_path):
    """A time before the session began tells when it did, and history tells the rest."""
    victim = with_questions(tmp_path)
    told = victim.refused(
        "as-of 2020-01-01",
        SessionError,
        "Session 'demo' was not there yet at TIME UTC: it began at TIME UTC.",
        "runthrough history tells when what happened",
    )
    victim.follow(told, "runthrough history")


@provokes(SessionError)
def test_a_side_of_a_comparison_that_is_none(tmp_path):
    """Each form of a side that is told compares."""
    victim = with_questions(tmp_path)
    victim.refused(
        "diff '' 3",
        SessionError,
        "A side of the comparison is empty.",
        "name each side as VERSION, SESSION, SESSION@VERSION or now",
    )
    for side in ("3", "demo", "demo@3", "now"):
        victim.line(f"diff {side} 3")


@provokes(ImportRefusedError)
def test_sessions_that_are_here_already(tmp_path):
    """What is here already is listed by the command, and nothing was taken in."""
    victim = with_questions(tmp_path)
    victim.line("audit export -o all.jsonl")
    told = victim.refused(
        "audit import all.jsonl",
        ImportRefusedError,
        "The database holds a session of the export already: demo. Nothing was imported.",
        "runthrough sessions --all lists what is here, archived ones too",
    )
    assert "demo" in victim.follow(told, "runthrough sessions --all").out
    victim.line(f"audit import all.jsonl --database sqlite:///{tmp_path}/other.db")
