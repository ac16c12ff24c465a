"""Situations in which somebody configures what has been configured or run before."""

import pytest
from tests.support.desk import categories, outcomes, sentences, states, top
from tests.support.pipelines import ORDERS

from runthrough.application.answers import Answers

AUTO, PERSON = "auto_configured", "configured"


@pytest.mark.parametrize(
    ("number", "category", "outcome"), [(1, "passed", "reused"), (2, "stale", "passed")]
)
def test_05_an_executed_node_is_reconfigured_also_with_equal_values(
    desk, number, category, outcome
):
    """Equal values are an event too, and the result is reused; other values make it stale."""
    ann = desk.begin(report=top(1))
    ann.run()
    told = desk.count("ScriptConfigured", "report")

    ann.configure("report", top(number))
    assert desk.count("ScriptConfigured", "report") == told + 1
    assert states(ann) == {"clean": "executed", "total": "executed", "report": PERSON}
    assert categories(ann)["report"] == category
    assert outcomes(ann.run()) == {"clean": "reused", "total": "reused", "report": outcome}


def test_07_an_executed_node_is_cleared(desk):
    """What a person gave is gone, what needs no person is found again; the result is history."""
    mine = Answers(environ_vars={"CURRENCY": "USD"})
    ann = desk.begin(report=top(), clean=mine)
    ann.run()

    ann.clear("report")
    there = ann.state.nodes["report"]
    assert (there.state.value, there.draft.job_args, there.last.outcome) == (
        "pending",
        {},
        "passed",
    )
    ann.clear("clean")
    there = ann.state.nodes["clean"]
    assert (there.state.value, there.configured_by) == (AUTO, "auto")
    assert there.spec.environ_vars == {"CURRENCY": "EUR"}
    assert categories(ann)["clean"] == "stale"

    ann.configure("clean", mine)
    ann.configure("report", top())
    assert set(outcomes(ann.run()).values()) == {"reused"}, "cleared and answered as before"


def test_08_an_upstream_node_is_reconfigured(desk):
    """What lies below keeps its state and is stale; it runs only if what it takes has changed."""
    ann = desk.begin(report=top())
    ann.run()

    ann.configure("clean", Answers(environ_vars={"CURRENCY": "USD"}))
    assert states(ann) == {"clean": PERSON, "total": "executed", "report": "executed"}
    assert set(categories(ann).values()) == {"stale"}
    (above,) = ann.why("total")["upstream"]
    assert (above["node"], above["changes"][0]["name"]) == ("clean", "CURRENCY")
    assert set(outcomes(ann.run()).values()) == {"passed"}

    desk.orders.write_text(f"{ORDERS}eve,EUR,70\n")
    ran = {row["node"]: row["reasons"] for row in ann.plan()["run"]}
    assert list(ran) == ["clean", "total", "report"]
    assert outcomes(ann.run()) == {"clean": "passed", "total": "reused", "report": "reused"}


def test_09_a_connection_to_and_from_a_node_just_made_external_and_back(desk):
    """Into it none is left, out of it one for what it declares; back, both are found again."""
    outside = desk.shell.file("given/totals.json", '{"ada": 35}')
    ann = desk.begin(report=top())
    assert ann.connected() == ["total.clean_orders", "report.totals"]

    ann.mark_external("total", {"totals": str(outside)})
    assert ann.connected() == ["report.totals"]
    assert states(ann) == {"clean": AUTO, "report": PERSON}
    assert outcomes(ann.run()) == {"clean": "passed", "report": "passed"}

    outside.unlink()
    ann.resume()
    assert states(ann)["report"] == "pending"
    assert [need.code for need in ann.state.nodes["report"].needs] == ["EXTERNAL_NOT_FOUND"]

    ann.mark_internal("total")
    assert ann.connected() == ["total.clean_orders", "report.totals"]
    assert states(ann) == {"clean": "executed", "total": AUTO, "report": PERSON}
    assert outcomes(ann.run()) == {"clean": "reused", "total": "passed", "report": "passed"}


def test_09_an_external_node_without_the_output_loses_its_consumer(desk):
    """A connection that takes what the external node does not declare goes, and is asked for."""
    ann = desk.begin(report=top())
    recorded = ann.recorded(ann.mark_external("total", {}))
    assert ann.connected() == []
    assert any("total declares no output totals" in told for told in sentences(recorded))
    assert states(ann)["report"] == "pending"


@pytest.mark.slow
def test_26_a_plain_secret_is_typed(desk):
    """Nothing is accepted, the problem names the field, and the value is nowhere."""
    planted = "hunter2-of-the-shop"
    desk.begin()
    done = desk.shell.run(
        "configure",
        "report",
        "--arg",
        "top=1",
        "--env",
        f"DB_PASSWORD={planted}",
        "--json",
        "--session",
        "demo",
        code=2,
    )
    assert "SECRET_IN_PLAIN" in done.out
    assert "DB_PASSWORD" in done.err
    assert planted not in done.out + done.err
    bob = desk.enter("bob")
    assert states(bob)["report"] == "pending"
    bob.resume()
    assert planted.encode() not in desk.shell.stored()
    (rejected,) = desk.events("ConfigurationRejected")
    assert [p["code"] for p in rejected[2]["problems"]] == ["SECRET_IN_PLAIN"]


@pytest.mark.slow
def test_18_update_removes_an_executed_node_and_adds_it_again(desk):
    """It comes back as one just discovered: its outcomes and answers are in history only."""
    pipeline = desk.folder / "pipeline.yaml"
    whole = pipeline.read_text()
    ann = desk.begin(report=top())
    ann.run()
    told = desk.count("ScriptExecuted", "report")

    pipeline.write_text(whole.replace("  report: {}\n", "").replace("  - [total, report]\n", ""))
    done = desk.shell.run("update", "pipeline.yaml", "--session", "demo")
    assert "report" in done.out
    assert states(ann) == {"clean": "executed", "total": "executed"}
    assert "report" not in ann.status()["nodes"]

    pipeline.write_text(whole)
    desk.shell.run("update", "pipeline.yaml", "--session", "demo")
    ann.refresh()
    there = ann.state.nodes["report"]
    assert (there.state.value, there.last, there.passed) == ("pending", None, None)
    assert there.draft is None or there.draft.job_args == {}
    assert ann.connected() == ["total.clean_orders", "report.totals"]
    assert desk.count("ScriptExecuted", "report") == told
    assert "ScriptExecuted" in [row.type for row in ann.history("report")]

    ann.configure("report", top())
    assert outcomes(ann.run()) == {"clean": "reused", "total": "reused", "report": "passed"}
