"""What a run would do and why, at the command line."""

import pytest
from tests.support.cli import answered, begun, orders_shell

pytestmark = pytest.mark.slow
PLAN_KEYS = {"run", "warnings", "reuse", "blocked", "pending", "outdated"}
WHY_KEYS = {"node", "stale", "changes", "upstream", "passed", "outcome", "needs", "external"}


def passed(folder):
    """The session after one whole run."""
    shell = answered(folder)
    shell.run("run")
    return shell


def edited(shell, name="clean"):
    path = shell.folder / f"scripts/{name}.py"
    path.write_text(f"{path.read_text()}\nWORD = 1\n")


def test_a_plan_before_and_after_the_run_that_it_shows(tmp_path):
    """Each node has a reason; what passed is unchanged; --exit-code tells the two apart."""
    shell = answered(tmp_path)
    lines = shell.run("plan").out.splitlines()
    assert [line.split() for line in lines[:2]] == [
        ["▶", "run", "clean", "never", "passed"],
        ["▶", "run", "total", "never", "passed;", "below", "clean,", "which", "runs"],
    ]
    assert lines[4] == "3 nodes: 3 to run, 0 unchanged, 0 blocked, 0 pending"
    assert lines[-1] == "next:  runthrough run"
    shell.run("plan", "--exit-code", code=10)
    shell.run("run")
    told = shell.run("plan", "--exit-code").out
    assert told.count("unchanged since it passed") == 3
    assert shell.run("plan", "--no-reuse", "--exit-code", code=10).out.endswith(
        "next:  runthrough run --no-reuse\n"
    )


def test_a_plan_of_a_part(tmp_path):
    """A part that stands on what never passed is blocked, and that is work to do as well."""
    shell = answered(tmp_path)
    done = shell.run("plan", "total+", "--exit-code", "--json", code=10)
    assert done.json["blocked"] == [
        {"node": "total", "by": ["clean"]},
        {"node": "report", "by": ["total"]},
    ]
    assert shell.run("plan", "+total").out.endswith("next:  runthrough run +total\n")
    error = shell.run("plan", "reprot", "--json", code=5).json["error"]
    assert "Did you mean 'report'?" in error["message"]
    assert "state:stale" in error["fix"]
    error = shell.run("plan", "state:stale", "--exit-code", "--json", code=5).json["error"]
    assert error["code"] == "SELECTION_EMPTY"


def test_a_plan_of_what_waits_for_a_person(tmp_path):
    """It ends with 3, names what is needed and what that blocks, and the command that answers."""
    shell = begun(tmp_path)
    done = shell.run("plan", "--exit-code", "--json", code=3)
    assert [row["node"] for row in done.json["pending"]] == ["clean", "report"]
    assert "CURRENCY" in done.json["pending"][0]["needs"][0]
    told = shell.run("plan", code=3).out
    assert "? pending" in told
    assert "0 to run, 0 unchanged, 1 blocked, 2 pending" in told
    assert told.splitlines()[-1].startswith("next:  runthrough configure clean ")


def test_the_shapes_of_plan_and_why(tmp_path):
    """Their keys, with each changed part old and new; neither of them records anything."""
    shell = passed(tmp_path)
    shell.run("configure", "report", "--arg", "top=2")
    before = shell.run("history", "--json").json
    change = {"part": "job_arg", "name": "top", "old": 1, "new": 2}
    plan = shell.run("plan", "--json").json
    assert plan.keys() == PLAN_KEYS
    assert plan["run"] == [
        {"node": "report", "reasons": ["changed"], "changes": [change], "text": "top  1 → 2"}
    ]
    assert plan["reuse"] == [{"node": "clean"}, {"node": "total"}]
    why = shell.run("why", "report", "--json").json
    assert why.keys() == WHY_KEYS
    assert (why["stale"], why["changes"], why["upstream"]) == (True, [change], [])
    assert shell.run("history", "--json").json == before


def test_why_names_the_root_also_on_a_narrow_terminal(tmp_path):
    """Roots first, each changed part once, digests short enough for sixty columns."""
    shell = passed(tmp_path)
    edited(shell)
    lines = shell.run("why", "report", COLUMNS="60").out.splitlines()
    assert lines[0].startswith("report  passed ")
    assert lines[0].endswith(", and since then:")
    assert lines[1] == "  above it clean is to run again"
    assert lines[2].startswith("    script clean changed  ")
    assert lines[3] == "  above it total is to run again"
    assert max(map(len, lines)) <= 60
    assert shell.run("why", "total").out.count("clean is to run again") == 1
    (shell.folder / "scripts/clean.py").unlink()
    told = shell.run("why", "clean").out
    assert "is pending now: " in told
    assert told.endswith("next:  runthrough bind clean PATH\n")


def test_a_part_below_what_changed_says_so(tmp_path):
    """`plan` and `run` tell what `status` tells: it is reused, or run, on what no longer holds."""
    shell = passed(tmp_path)
    edited(shell)
    again = "! total stands on what clean left before it changed; runthrough run +total"
    told = shell.run("plan", "total").out
    assert again in told.splitlines()
    assert "1 node: 0 to run, 0 unchanged, 1 as it stands, 0 blocked, 0 pending" in told
    assert told.splitlines()[0].split() == ["=", "reuse", "total", "as", "it", "stands"]
    (row,) = shell.run("plan", "total", "--json").json["outdated"]
    assert (row["node"], row["above"]) == ("total", ["clean"])
    lines = shell.run("run", "total").out.splitlines()
    assert again in lines
    assert lines[0] == "run of 1 node: 0 to run, 0 unchanged, 1 as it stands, 0 blocked"
    assert "= total  reused  as it stands" in lines
    done = shell.run("run", "total", "--no-reuse", "--json", "--session", "demo")
    assert f"{again} --session demo" in done.err.splitlines()
    assert [row["node"] for row in done.json["outdated"]] == ["total"]
    for words in (["plan", "+total"], ["run", "+total"]):
        assert "stands on" not in shell.run(*words).out
    assert shell.run("run", "total", "--json").json["outdated"] == []


def test_what_is_accepted_is_reused(tmp_path):
    """What changed is told, an event holds it, and a run reuses all; twice is refused."""
    shell = passed(tmp_path)
    edited(shell)
    version = shell.run("status", "--json").json["version"]
    refused = shell.run("accept", "report", code=2)
    assert "so there is nothing to accept" in refused.err
    done = shell.run("accept", "clean", "--based-on", str(version), "--json")
    (change,) = done.json["accepted"]
    assert (done.json["node"], change["part"], change["name"]) == ("clean", "script", "clean")
    assert "clean stands as it passed, although:" in done.err
    assert "ann  accepted clean as unchanged" in shell.run("history").out
    assert "3 unchanged" in shell.run("run").out
    assert "nothing has changed since" in shell.run("why", "clean").out
    edited(shell, "total")
    edited(shell)
    shell.run("accept", "clean", "--as", "bob")
    done = shell.run("accept", "clean", "--based-on", str(version), "--json", code=4)
    assert done.json["error"]["code"] == "VERSION_CONFLICT"


def test_a_failure_is_not_accepted(tmp_path):
    """The refusal names the run that is needed, and `why` the failure."""
    shell = passed(tmp_path)
    (shell.folder / "scripts/total.py").write_text("def main(*four):\n    raise LookupError\n")
    shell.run("run", code=1)
    error = shell.run("accept", "total", "--json", code=2).json["error"]
    assert error["fix"] == "runthrough run total"
    shell.run("accept", "nobody", code=2)


TRAIN = """\
import json
import os
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    rows = Path(os.environ["SM_CHANNEL_TRAIN"]) / "rows.csv"
    depth = json.loads(os.environ["SM_HPS"])["depth"]
    model = Path(os.environ["SM_MODEL_DIR"])
    model.joinpath("model.txt").write_text(f"{depth}: {rows.read_text()}")
    assert Path(input_paths["train"]) == rows.parent
    Path(output_paths["done"]).write_text("yes")
"""


def test_a_script_written_for_sagemaker(tmp_path):
    """It is never pending for SageMaker's variables, and finds them if the run sets them."""
    shell = orders_shell(tmp_path)
    shell.file("scripts/train.py", TRAIN)
    shell.file("data/train/rows.csv", "x\n1\n")
    shell.file(
        "pipeline.yaml",
        "name: train\nscripts: [scripts]\n"
        "nodes: {train: {inputs: {train: data/train}, job_args: {depth: 3}}}\n",
    )
    shell.run("new", "pipeline.yaml")
    assert shell.run("plan", "--json").json["pending"] == []
    told = shell.run("run", code=1)
    hint = "SM_CHANNEL_TRAIN is set by a run that is told to: runthrough run train --sagemaker"
    assert hint in told.out
    shell.run("run", "train", "--sagemaker")
    (model,) = shell.folder.glob(".runthrough/*/runs/*/train/*/**/model.txt")
    assert model.read_text() == "3: x\n1\n"
    assert "unchanged since it passed" in shell.run("plan", "--sagemaker", "--exit-code").out
    assert "SM_*  set → not set" in shell.run("plan", "--exit-code", code=10).out
    assert "SM_*  set → not set" in shell.run("why", "train").out
    assert "nothing has changed since" in shell.run("why", "train", "--sagemaker").out
