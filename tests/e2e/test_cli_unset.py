"""`configure --unset`, and the same in Python: one value taken back alone."""

import shlex

import pytest
from tests.support.cli import answered
from tests.support.inside import Inside
from tests.support.pipelines import orders

from runthrough import ConfigurationInvalidError
from runthrough.errors import CommandRefusedError


@pytest.fixture
def desk(tmp_path):
    """A session with a note and a time limit beside what it needs."""
    answered(tmp_path)
    desk = Inside(tmp_path)
    desk.run("configure", "report", "--timeout", "9", "--note", "why", "--limit", "cpu_s=3")
    return desk


def values(desk, node="report"):
    """The node's values by their names."""
    view = desk.run("show", node, "--json").json
    return {row["name"]: row["value"] for row in view["values"]}


def test_one_value_is_taken_back_alone(desk):
    """By the names that `show` tells; the others stay, and history tells old to new."""
    told = desk.run("configure", "report", "--unset", "timeout_s", "--unset", "limit.cpu_s")
    assert "timeout_s  9.0 → not set" in told.out
    assert values(desk) == {"input.totals": "@total.totals", "arg.top": 1, "user_notes": "why"}
    row = desk.run("history", "--json").json[-1]
    assert (row["type"], row["before"]) == (
        "ScriptConfigured",
        {"timeout_s": 9.0, "limit.cpu_s": 3},
    )


def test_what_was_taken_back_comes_again_with_undo(desk):
    """It is an action like every other."""
    before = values(desk)
    desk.run("configure", "report", "--unset", "user_notes")
    desk.run("undo")
    assert values(desk) == before


def test_what_is_needed_is_taken_back_only_as_a_part(desk):
    """Alone it is rejected; with --partial the node needs a person again."""
    assert "top" in desk.run("configure", "report", "--unset", "arg.top", code=2).err
    desk.run("configure", "report", "--unset", "arg.top", "--partial")
    assert "arg.top" not in values(desk)
    assert "? needs you   report" in desk.run("status").out


def test_a_connection_is_no_value(desk):
    """The command that leaves the input open is told, and it works."""
    err = desk.run("configure", "report", "--unset", "input.totals", code=2).err
    assert "runthrough disconnect report.totals" in err
    desk.run("disconnect", "report.totals")


def test_a_conflict_tells_what_was_to_be_taken_back(desk):
    """The field is among those of the conflict, with nothing as yours."""
    desk.run("configure", "report", "--timeout", "8", "--as", "bob")
    done = desk.run(
        "configure", "report", "--unset", "timeout_s", "--based-on", "9", "--json", code=4
    )
    (field,) = (one for one in done.json["error"]["fields"] if one["field"] == "timeout_s")
    assert (field["theirs"], field["yours"]) == (8.0, None)


def test_python_takes_back_by_the_same_names(tmp_path):
    """Given as a list; a text alone, or a name that there is not, is refused."""
    place, dag = orders(tmp_path)
    factory = place.factory(dag)
    factory.configure_script_testing("WriteReport", job_args={"top": 2}, timeout_s=5)
    spec = factory.configure_script_testing("WriteReport", unset=["timeout_s"])
    assert (spec.timeout_s, spec.job_args) == (None, {"top": 2})
    with pytest.raises(TypeError, match="a list of names"):
        factory.configure_script_testing("WriteReport", unset="arg.top")
    with pytest.raises(CommandRefusedError, match=r"no value .arg\.tpo."):
        factory.configure_script_testing("WriteReport", unset=["arg.tpo"])
    with pytest.raises(ConfigurationInvalidError, match="top"):
        factory.configure_script_testing("WriteReport", unset=["arg.top"])


def test_the_name_of_a_node_is_told_as_a_shell_takes_it(tmp_path):
    """A name with blanks and quotes is one word of the command that helps."""
    desk = Inside(tmp_path)
    desk.file("ok.py", "def main(input_paths, output_paths, environ_vars, job_args): ...")
    desk.file("p.yaml", """nodes: {"it's one": {script: ok.py}}""")
    desk.run("new", "p.yaml")
    quoted = shlex.quote("it's one")
    err = desk.run("configure", "it's one", "--unset", "timeout_s", code=2).err
    assert f"runthrough show {quoted} lists its values" in err
    out = desk.run("next", "it's one").out
    assert f"go through all of it:  runthrough next {quoted} --all" in out
