"""What `resume` says at the command line, at home, elsewhere, and when it moves a session."""

import shutil

import pytest
from tests.support.cli import answered, orders_shell

pytestmark = pytest.mark.slow

BOB = {"RUNTHROUGH_ACTOR": "bob", "RUNTHROUGH_HOST": "bobs"}
OF_SCREEN = 24
"""Lines of a small terminal."""


def edited(path):
    """Let a script be another one."""
    path.write_text(f"{path.read_text()}\nEXTRA = 1\n")


def test_resume_counts_what_changed_and_tells_it_node_by_node(tmp_path):
    """Who was last; one line of counts; one line a node; the one next command."""
    shell = answered(tmp_path)
    edited(tmp_path / "scripts/total.py")
    (tmp_path / "data/orders.csv").unlink()
    told = shell.run("resume", "--as", "bob").out.splitlines()
    assert told[0].endswith("last: ann, just now")
    assert told[1:] == [
        "1 script edited, 1 node pending again",
        "  clean   pending: Input file does not exist: data/orders.csv",
        "  total   script edited",
        "",
        "next:  runthrough configure clean --input orders=PATH",
    ]
    (tmp_path / "data/orders.csv").write_text("customer,currency,amount\n")
    told = shell.run("resume").out.splitlines()
    assert told[0].endswith("last: bob, just now")
    assert told[1] == "1 input changed, 1 node restored"


def test_many_changes_fit_one_screen(tmp_path):
    """Beyond a dozen nodes the rest is counted; the JSON holds them all."""
    shell = orders_shell(tmp_path)
    names = [f"n{number}" for number in range(40)]
    nodes = (
        f"  {name}: {{script: scripts/reads.py, inputs: {{a: {name}.csv}}}}" for name in names
    )
    shell.file("many.yaml", "\n".join(["name: many", "nodes:", *nodes]))
    shell.file("scripts/reads.py", "def main(input_paths):\n    open(input_paths['a'])\n")
    for name in names:
        shell.file(f"{name}.csv", "a,b\n1,2\n")
    shell.run("new", "many.yaml", "--name", "demo")
    for name in names:
        shell.file(f"{name}.csv", "a,b\n1,3\n")
    done = shell.run("resume", "--json")
    assert len(done.err.splitlines()) <= OF_SCREEN
    assert "40 inputs changed" in done.err
    assert "… and 28 more nodes: runthrough history" in done.err
    assert len(done.json["recorded"]) == len(done.json["nodes"]) == 40


def test_status_tells_what_is_seen_and_not_recorded(tmp_path):
    """What it is and what records it, and only where there is something."""
    shell = answered(tmp_path)
    assert "not recorded" not in shell.run("status").out
    edited(tmp_path / "scripts/total.py")
    (tmp_path / "data/orders.csv").unlink()
    lines = shell.run("status").out.splitlines()
    at = lines.index("seen now, not recorded: 1 node would be pending, 1 script edited")
    assert lines[at + 1] == "  → runthrough resume"


def test_elsewhere_a_session_is_shown_and_says_where_it_lives(tmp_path):
    """Status and resume name the paths that were not looked at, and the command that moves it."""
    shell = answered(tmp_path / "ann")
    away = tmp_path / "away"
    away.mkdir()
    shown = shell.run("status", "--session", "demo", cwd=away, **BOB).out
    assert "4 paths are on " in shown
    assert " and were not looked at; the session lives on " in shown
    assert shown.splitlines()[-1] == "next:  runthrough resume --here --session demo"
    told = shell.run("resume", "--session", "demo", "--json", cwd=away, **BOB)
    assert "It can be configured here" in told.err
    assert (told.json["at_home"], told.json["recorded"]) == (False, [])
    refused = shell.run("run", "--session", "demo", "--json", cwd=away, code=2, **BOB)
    assert refused.json["error"]["code"] == "NOT_AT_HOME"
    log = shell.run("logs", "clean", "--session", "demo", cwd=away, **BOB)
    assert "no attempt that ended" in log.out


def test_a_session_is_moved_here_and_runs(tmp_path):
    """With the folder of this machine; what is told afterwards is of here."""
    shell = answered(tmp_path / "ann")
    away = tmp_path / "away"
    own = shutil.ignore_patterns("log.db*", "home", ".runthrough")
    shutil.copytree(tmp_path / "ann", away / "clone", ignore=own)
    session = ("--session", "demo")
    nowhere = shell.run("resume", "--here", *session, cwd=away, code=2, **BOB)
    assert "--workspace PATH" in nowhere.err
    moved = shell.run("resume", "--here", "--workspace", "clone", *session, cwd=away, **BOB)
    assert "It lives on this machine now" in moved.out
    assert "Every configuration holds as before." in moved.out
    shell.run("run", *session, cwd=away, **BOB)
    file = ("--pipeline", "clone/pipeline.yaml")
    shell.run("resume", "--here", *file, *session, cwd=away, **BOB)
    assert "runthrough resume --here" in shell.run("run", code=2).err


@pytest.mark.parametrize(
    "option", [("--workspace", "."), ("--pipeline", "."), ("--take-over",)], ids=lambda o: o[0]
)
def test_what_is_of_a_move_goes_with_it(tmp_path, option):
    """Without --here it is a usage error, and nothing is recorded."""
    shell = answered(tmp_path)
    done = shell.run("resume", *option, code=2)
    assert "it goes with --here" in done.err
