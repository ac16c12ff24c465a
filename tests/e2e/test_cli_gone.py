"""What the command line sends one to while a file that is needed is gone."""

import pytest
from tests.support.cli import answered, orders_shell

pytestmark = pytest.mark.slow

ANSWER = "next:  runthrough configure clean --input orders=PATH"


def last(done):
    """The last line, which is the one command to type next."""
    return done.out.splitlines()[-1]


def test_no_command_sends_one_in_circles_after_an_input_is_deleted(tmp_path):
    """Status, plan, check, why and resume all name the command that helps, and it does."""
    shell = answered(tmp_path)
    shell.run("run")
    (tmp_path / "data/orders.csv").rename(tmp_path / "data/moved.csv")
    status = shell.run("status").out
    assert "? needs you   clean" in status
    assert "below clean" in status
    assert "seen now, not recorded: 1 node would be pending" in status
    assert last(shell.run("status")) == ANSWER
    plan = shell.run("plan", code=3)
    assert [line.split()[:3] for line in plan.out.splitlines()[:3]] == [
        ["?", "pending", "clean"],
        ["⊘", "blocked", "total"],
        ["⊘", "blocked", "report"],
    ]
    assert "3 nodes: 0 to run, 0 unchanged, 2 blocked, 1 pending" in plan.out
    assert last(plan) == last(shell.run("check", code=1)) == last(shell.run("why", "clean"))
    assert last(plan) == ANSWER
    shell.run("run", code=3)
    resumed = shell.run("resume").out
    assert "1 node still pending" in resumed
    assert "clean   still pending: Input file does not exist: data/orders.csv" in resumed
    assert "holds as before" not in resumed
    assert last(shell.run("resume")) == ANSWER
    done = shell.run("configure", "clean", "--input", "orders=data/moved.csv")
    assert last(done) == "next:  runthrough report"  # the content is that which passed
    assert "Every configuration holds as before." in shell.run("resume").out


def test_many_that_are_still_pending_fit_one_screen(tmp_path):
    """Beyond a dozen they are counted, and the status tells the rest."""
    shell = orders_shell(tmp_path)
    names = [f"n{number}" for number in range(20)]
    nodes = (f"  {name}: {{script: scripts/reads.py}}" for name in names)
    shell.file("many.yaml", "\n".join(["name: many", "nodes:", *nodes]))
    shell.file("scripts/reads.py", "def main(input_paths):\n    open(input_paths['a'])\n")
    shell.run("new", "many.yaml", "--name", "demo")
    done = shell.run("resume", "--json")
    assert done.json["still_pending"] == names
    assert "20 nodes still pending" in done.err
    assert "… and 8 more nodes: runthrough status" in done.err
