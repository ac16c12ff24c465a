"""`update`, `export` and `new --like` at the command line."""

import json

import pytest
from tests.support.cli import answered, begun

pytestmark = pytest.mark.slow


def changed(shell, old, new):
    """The pipeline file with other words."""
    text = (shell.folder / "pipeline.yaml").read_text()
    assert old in text
    shell.file("pipeline.yaml", text.replace(old, new))


def test_an_update_tells_what_stays_and_what_is_open(tmp_path):
    """The screen has each event, the difference, and what the new pipeline still needs."""
    shell = answered(tmp_path)
    changed(
        shell,
        "  total: {}\n  report: {}",
        "  total: {}\n  report: {job_args: {top: 5}}\n  again: {script: scripts/report.py}",
    )
    done = shell.run("update")
    assert "updated the pipeline: added again; changed report" in done.out
    assert "! report.top: yours 1 stays, the file says 5" in done.out
    assert "? again: Missing required argument: top" in done.out
    assert "next:  runthrough configure again" in done.out
    again = shell.run("update", code=2)
    assert "the session has already" in again.err


def test_an_update_answers_in_json(tmp_path):
    """Machines read versions, nodes, and what is told."""
    shell = answered(tmp_path)
    changed(shell, "report: {}", "report: {job_args: {top: 5}}")
    told = shell.run("update", "--json").json
    assert told["told"] == ["report.top: yours 1 stays, the file says 5"]
    assert told["recorded"][0]["type"] == "PipelineChanged"
    assert told["recorded"][-1]["version"] == told["version"]


def test_a_renamed_node_is_told_to_the_update(tmp_path):
    """Without --rename there is a hint; with it the node keeps what it has."""
    shell = answered(tmp_path)
    changed(shell, "report: {}", "best: {script: scripts/report.py}")
    changed(shell, "[total, report]", "[total, best]")
    done = shell.run("update")
    assert "runthrough update --rename report=best" in done.out
    shell.run("undo")
    shell.run("update", "--rename", "report=best")
    assert shell.run("status", "--json").json["nodes"]["best"]["state"] == "configured"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--rename", "report"], "as OLD=NEW"),
        (["--rename", "report=a", "--rename", "report=b"], "renamed twice"),
        (["--rename", "repor=best"], "report"),
        (["absent.yaml"], "there is no such file"),
    ],
)
def test_wrong_words_are_told(tmp_path, words, told):
    """Each wrong input is an error that names it, and changes no pipeline."""
    shell = begun(tmp_path)
    changed(shell, "report: {}", "best: {script: scripts/report.py}")
    changed(shell, "[total, report]", "[total, best]")
    assert told in shell.run("update", *words, code=2).err
    assert "report" in shell.run("status", "--json").json["nodes"]


def test_a_lost_file_is_told(tmp_path):
    """The error names the session's own file, and what to type instead."""
    shell = begun(tmp_path)
    (tmp_path / "pipeline.yaml").unlink()
    done = shell.run("update", code=2)
    assert "own pipeline file is gone" in done.err
    assert "runthrough update PIPELINE" in done.err


def test_a_session_is_written_and_begun_again(tmp_path):
    """The written file begins a session with nothing pending; what it cannot say is on stderr."""
    shell = answered(tmp_path)
    shell.run("configure", "report", "--arg", "top=2", "--note", "two will do")
    done = shell.run("export", "--pipeline", "tuned.yaml")
    assert "left out: the note of report: two will do" in done.err
    assert "next:  runthrough new tuned.yaml" in done.out
    assert "there already" in shell.run("export", "--pipeline", "tuned.yaml", code=2).err
    told = shell.run("export", "--pipeline", "tuned.yaml", "--force", "--json").json
    assert told["left_out"] == ["the note of report: two will do"]
    assert "0 pending" in shell.run("new", "tuned.yaml").out
    assert "--pipeline" in shell.run("export", code=2).err


def test_comments_that_are_overwritten_are_told(tmp_path):
    """`export --force` says on standard error, and in JSON, how many comments it took away."""
    shell = answered(tmp_path)
    shell.file("pipeline.yaml", "# why\n" + (tmp_path / "pipeline.yaml").read_text())
    done = shell.run("export", "--pipeline", "pipeline.yaml", "--force", "--json")
    (told,) = [line for line in done.json["left_out"] if "stood in the file before" in line]
    assert f"left out: {told}\n" in done.err


def test_a_schema_whose_path_has_spaces_gets_no_line(tmp_path):
    """Editors take the line up to the first space, so another name is advised."""
    shell = answered(tmp_path)
    done = shell.run("export", "--schema", "a b.json", "--json")
    assert done.json == {"schema": "a b.json", "line": None}
    assert (tmp_path / "a b.json").is_file()
    assert "$schema=" not in done.err
    assert "next:  runthrough export --schema runthrough.schema.json" in done.err


def test_a_session_begins_like_another(tmp_path):
    """The screen counts the answers that were taken and the nodes that are left."""
    shell = begun(tmp_path)
    shell.run("configure", "report", "--arg", "top=2")
    done = shell.run("new", "pipeline.yaml", "--like", "demo")
    assert "1 answer of demo taken, 1 node needs you" in done.out
    refused = shell.run("new", "pipeline.yaml", "--like", "nobody", "--json", code=2)
    assert json.loads(refused.out)["error"]["code"] == "SESSION_UNKNOWN"
    beside = shell.run("new", "--from-folder", "scripts", "--like", "demo", code=2)
    assert "--like" in beside.err
