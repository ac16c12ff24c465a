"""Errors of what lies around a session: exports, notes, reports, and what runs scripts."""

import pytest
from tests.support.provoked import provokes, with_answers, with_questions

from runthrough.errors import (
    AuditFileError,
    ProjectFolderError,
    ReportFileError,
    RunnerUnavailableError,
    ServingRefusedError,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("line", "message", "fix"),
    [
        (
            "audit verify nope.jsonl",
            "The export nope.jsonl cannot be read: No such file or directory.",
            "check its path",
        ),
        (
            "audit import scripts",
            "The export scripts cannot be read: Is a directory.",
            "check its path",
        ),
        (
            "audit export -o nowhere/all.jsonl",
            "nowhere/all.jsonl cannot be written: No such file or directory.",
            "choose another place",
        ),
        (
            "audit checkpoint -o nowhere/note.json",
            "nowhere/note.json cannot be written: No such file or directory.",
            "choose another place",
        ),
    ],
)
@provokes(AuditFileError)
def test_a_file_of_the_audit_that_cannot_be_used(tmp_path, line, message, fix):
    """What cannot be read or written is named, and another place takes it."""
    victim = with_questions(tmp_path)
    victim.refused(line, AuditFileError, message, fix)
    victim.line("audit export -o all.jsonl")
    victim.line("audit verify all.jsonl")


@provokes(AuditFileError)
def test_a_file_that_is_no_export(tmp_path):
    """What is no export is told so, and a file that the named command wrote is one."""
    victim = with_questions(tmp_path)
    told = victim.refused(
        "audit verify pipeline.yaml",
        AuditFileError,
        "The file is no export: its first line does not say that its format is "
        "runthrough-export-1, and what it is an export of.",
        "name a file that runthrough audit export wrote",
    )
    (tmp_path / "all.jsonl").write_text(victim.follow(told, "runthrough audit export").out)
    victim.line("audit verify all.jsonl")


@provokes(AuditFileError)
def test_an_export_is_never_overwritten(tmp_path):
    """A file that is there stays, and another name takes the export."""
    victim = with_questions(tmp_path)
    victim.file("all.jsonl", "mine")
    victim.refused(
        "audit export -o all.jsonl",
        AuditFileError,
        "all.jsonl is there already, and an export is never overwritten.",
        "choose another name, such as one with the date",
    )
    assert (tmp_path / "all.jsonl").read_text() == "mine"
    victim.line("audit export -o all-2026.jsonl")


@provokes(ReportFileError)
def test_a_report_that_cannot_be_written(tmp_path):
    """The folder that is lacking is told how to be made."""
    victim = with_answers(tmp_path)
    victim.line("run")
    victim.refused(
        "report --html -o nowhere/run.html",
        ReportFileError,
        "The report nowhere/run.html cannot be written: its folder is not there.",
        "make the folder, or choose another one",
    )
    (tmp_path / "nowhere").mkdir()
    victim.line("report --html -o nowhere/run.html")
    assert (tmp_path / "nowhere/run.html").stat().st_size > 0


@provokes(ProjectFolderError)
def test_a_project_where_files_are(tmp_path):
    """Nothing is overwritten; a new folder takes the project, or the scripts make a draft."""
    victim = with_questions(tmp_path)
    told = victim.refused(
        "init",
        ProjectFolderError,
        "No project is started in .: these files are there already: pipeline.yaml, "
        "data/orders.csv.",
        "name a new folder: runthrough init FOLDER; or draft a pipeline file for scripts that "
        "are there: runthrough new --from-folder DIR",
    )
    victim.follow(told, "runthrough init FOLDER", FOLDER="fresh")
    victim.line("new pipeline.yaml --name fresh", cwd=tmp_path / "fresh")


@provokes(RunnerUnavailableError)
def test_a_runner_that_is_none(tmp_path):
    """The runners there are stand in the error, and the one that is advised runs."""
    victim = with_answers(tmp_path)
    told = victim.refused(
        "run --runner process2:",
        RunnerUnavailableError,
        "There is no runner process2:. There are process:, forkserver:, debug:, dask-local:, "
        "dask://HOST:PORT, dask+tls://HOST:PORT.",
        "use the runner process:",
        code=4,
    )
    victim.line(f"run --runner {told.fix.rpartition(' ')[2]}")


@provokes(RunnerUnavailableError)
def test_a_scheduler_without_a_port(tmp_path):
    """What names no scheduler says how one is written."""
    with_answers(tmp_path).refused(
        "run --runner dask:tcp://127.0.0.1:1",
        RunnerUnavailableError,
        "The runner 'dask:tcp://127.0.0.1:1' names no scheduler by host and port.",
        "write it as in dask://scheduler:8786",
        code=4,
    )


@provokes(ServingRefusedError)
def test_a_service_that_nobody_could_sign_in_to(tmp_path):
    """Without a link and without a token the way to make one is told, and it is taken."""
    victim = with_answers(tmp_path)
    told = victim.refused(
        "serve --port 0 --no-link",
        ServingRefusedError,
        "Nobody could sign in: there is no token that holds.",
        "make one: runthrough token create ACTOR --role admin",
    )
    victim.follow(told, "runthrough token create ACTOR --role admin", ACTOR="ann")
    victim.refused(
        "serve --host 0.0.0.0 --public-url http://team.example:8642",
        ServingRefusedError,
        "On 0.0.0.0 others could read tokens on their way: there is no TLS.",
        "give --tls-cert FILE --tls-key FILE; or serve this machine alone with --host 127.0.0.1, "
        "where a proxy may end TLS in front of it: --behind-proxy",
    )
