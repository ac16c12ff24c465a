"""Situations in which files come, go and change under a session."""

import pytest
from tests.support.desk import categories, outcomes, sentences, states, top
from tests.support.pipelines import CLEAN, ORDERS

from runthrough.application.answers import Answers

AUTO, PERSON = "auto_configured", "configured"


def test_01_an_auto_configured_node_loses_its_input_and_it_returns(desk):
    """A missing input demotes at the next look that records, and its return restores alone."""
    ann = desk.begin(report=top())
    desk.orders.unlink()
    assert (states(ann)["clean"], ann.version) == (AUTO, desk.enter().version)

    bob = desk.enter("bob")
    assert "clean waits for a person: Input file does not exist: data/orders.csv" in sentences(
        bob.resume()
    )
    assert states(bob) == {"clean": "pending", "total": AUTO, "report": PERSON}

    desk.orders.write_text(ORDERS)
    assert "clean: what was missing is back" in sentences(bob.resume())
    assert states(bob)["clean"] == AUTO
    assert bob.state.nodes["clean"].configured_by == "auto"


def test_02_a_configured_node_loses_its_input_and_it_returns(desk):
    """What the person answered stays as the draft, and is theirs again when the file is back."""
    mine = desk.shell.file("data/mine.csv", ORDERS)
    answers = Answers(input_paths={"orders": str(mine)}, environ_vars={"CURRENCY": "USD"})
    ann = desk.begin(clean=answers, report=top())
    mine.unlink()

    ann.resume()
    there = ann.state.nodes["clean"]
    assert states(ann)["clean"] == "pending"
    assert (there.spec, there.draft.environ_vars) == (None, {"CURRENCY": "USD"})

    mine.write_text(ORDERS)
    bob = desk.enter("bob")
    bob.resume()
    there = bob.state.nodes["clean"]
    assert (there.state.value, there.configured_by, there.accepted_by) == (PERSON, "person", "ann")
    assert there.spec.environ_vars == {"CURRENCY": "USD"}


def test_03_an_executed_node_loses_its_input_and_it_returns(desk):
    """It is pending, what it made stays; once the file is back it is reused without a run."""
    ann = desk.begin(report=top())
    ann.run()
    desk.orders.unlink()

    ann.resume()
    assert states(ann) == {"clean": "pending", "total": "executed", "report": "executed"}
    assert ann.state.nodes["clean"].last.outcome == "passed"
    assert categories(ann)["clean"] == "needs_you"

    desk.orders.write_text(ORDERS)
    ann.resume()
    assert states(ann)["clean"] == AUTO
    assert set(categories(ann).values()) == {"passed"}
    assert set(outcomes(ann.run()).values()) == {"reused"}
    assert states(ann)["clean"] == "executed"


def test_04_the_content_of_an_executed_nodes_input_changes(desk):
    """No state changes: it and all below are stale, `why` names the input, and a run runs them."""
    ann = desk.begin(report=top())
    ann.run()
    desk.orders.write_text(f"{ORDERS}eve,EUR,70\n")

    recorded = ann.resume()
    assert "WorldChanged" in [row.type for row in recorded]
    assert set(states(ann).values()) == {"executed"}
    assert set(categories(ann).values()) == {"stale"}
    assert [(c["part"], c["name"]) for c in ann.why("clean")["changes"]] == [("input", "orders")]

    desk.orders.write_text(ORDERS)
    assert set(categories(ann).values()) == {"passed"}, "the content is what it was"
    desk.orders.write_text(f"{ORDERS}eve,EUR,70\n")
    assert set(outcomes(ann.run()).values()) == {"passed"}


def test_19_the_script_file_is_gone(desk):
    """The node is pending with SCRIPT_NOT_FOUND, and is as it was once the file is back."""
    ann = desk.begin(report=top())
    ann.run()
    script = desk.folder / "scripts/report.py"
    kept = script.read_text()
    script.unlink()

    bob = desk.enter("bob")
    bob.resume()
    there = bob.state.nodes["report"]
    assert (there.state.value, [need.code for need in there.needs]) == (
        "pending",
        ["SCRIPT_NOT_FOUND"],
    )
    assert there.draft.job_args == {"top": 1}

    script.write_text(kept)
    bob.resume()
    there = bob.state.nodes["report"]
    assert (there.state.value, there.accepted_by) == (PERSON, "ann")
    assert outcomes(bob.run()) == dict.fromkeys(("clean", "total", "report"), "reused")


def test_20_another_script_of_the_same_name_appears(desk):
    """The node keeps its script; the one that would come first is told, and taken by `bind`."""
    pipeline = desk.folder / "pipeline.yaml"
    pipeline.write_text(pipeline.read_text().replace("[scripts]", "[newer, scripts]"))
    ann = desk.begin(report=top())
    newer = desk.shell.file("newer/total.py", '"""Another."""\n' + CLEAN.lstrip())

    ann.resume()
    there = ann.state.nodes["total"]
    assert there.script.path == "pipeline:scripts/total.py"
    assert there.state.value == AUTO
    (shadowed,) = [p for p in ann.check("total") if p.code == "SCRIPT_SHADOWED"]
    assert shadowed.severity == "warning"
    assert "newer/total.py" in shadowed.message
    assert "runthrough bind total" in shadowed.fix

    ann.bind("total", str(newer))
    assert ann.state.nodes["total"].script.path == "pipeline:newer/total.py"
    assert "SCRIPT_SHADOWED" not in [p.code for p in ann.check("total")]


FORGETS = """
def main(input_paths, output_paths, environ_vars, job_args):
    target = output_paths["totals"]
    print("nothing to write to", target)
"""


def test_25_old_outputs_lie_about(desk):
    """What this attempt did not write is no output: the node failed, and its age is told."""
    old = desk.shell.file("out/totals.json", '{"ada": 1}')
    ann = desk.begin(report=top(), total=Answers(output_paths={"totals": str(old)}))
    desk.script("total", FORGETS)

    assert outcomes(ann.run()) == {"clean": "passed", "total": "failed", "report": "blocked"}
    told = ann.state.nodes["total"].last.error.headline
    assert "totals" in told
    assert "there since" in told
    assert old.read_text() == '{"ada": 1}'


@pytest.mark.slow
def test_28_the_sessions_pipeline_file_is_deleted(desk):
    """The session holds what it needs: it is resumed, configured and run; only `update` fails."""
    desk.begin()
    (desk.folder / "pipeline.yaml").unlink()

    bob = desk.enter("bob")
    bob.resume()
    bob.configure("report", top())
    assert set(outcomes(bob.run()).values()) == {"passed"}
    done = desk.shell.run("update", "--session", "demo", code=2)
    assert "pipeline.yaml" in done.err
    assert desk.shell.run("status", "--json", "--session", "demo").json["phase"] == "open"
