"""What a look at the world records: by digest, once, and only by those who record."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.desk import outcomes, shop, states, top
from tests.support.meanwhile import MeanwhileStore
from tests.support.pipelines import ORDERS, TOTAL

from runthrough.application.answers import Answers
from runthrough.bootstrap import load_pipeline

MORE = f"{ORDERS}eve,EUR,70\n"
AUTO, PERSON = "auto_configured", "configured"


@pytest.fixture
def desk(tmp_path):
    """A pipeline of three scripts; nothing is begun yet."""
    with shop(tmp_path / "shop") as begun:
        yield begun


def told(rows):
    """Node and sentence of what a resume recorded."""
    return [(row.node, row.sentence.partition(": ")[2] or row.sentence) for row in rows]


def test_a_changed_input_is_recorded_once(desk):
    """By digest against digest; the next look is held against what was found."""
    ann = desk.begin(report=top())
    desk.orders.write_text(MORE)
    assert told(ann.resume()) == [("clean", "input orders changed")]
    (change,) = desk.events("WorldChanged")[0][2]["changes"]
    assert change["old"] != change["new"] == change["evidence"]["digest"]
    assert ann.resume() == []
    assert desk.enter("bob").resume() == []
    desk.orders.write_text(ORDERS)
    assert told(ann.resume()) == [("clean", "input orders changed")]
    assert states(ann) == {"clean": AUTO, "total": AUTO, "report": PERSON}


def test_a_touched_file_is_not_changed(desk):
    """Equal content at another time, or in another file, records nothing."""
    ann = desk.begin(report=top())
    os.utime(desk.orders, (1, 1))
    assert ann.resume() == []
    desk.orders.unlink()
    desk.orders.write_text(ORDERS)
    assert ann.resume() == []


def test_an_edited_script_and_a_module_are_recorded_once(desk):
    """A comment is no edit, since the digest is that of the syntax tree."""
    desk.script("helpers", "RATE = 1\n")
    desk.script("total", f"import helpers\n{TOTAL}")
    ann = desk.begin(report=top())
    desk.script("total", f"# a comment\nimport helpers\n{TOTAL}")
    assert ann.resume() == []
    desk.script("total", f"import helpers\n{TOTAL}\nEXTRA = helpers.RATE\n")
    desk.script("helpers", "RATE = 2\n")
    assert told(ann.resume()) == [("total", "script edited; module helpers edited")]
    assert (ann.resumed["scripts_edited"], ann.resumed["modules_edited"]) == (1, 1)
    assert ann.resume() == []


def test_an_edited_script_that_needs_more_is_read_again(desk):
    """First the edit is told, then the needs, then what is missing."""
    ann = desk.begin(report=top())
    desk.script(
        "total", TOTAL.replace("totals = Counter()", 'totals = Counter(environ_vars["A"])')
    )
    assert [row.type for row in ann.resume()] == [
        "WorldChanged",
        "RequirementsRead",
        "WorldChanged",
        "ScriptMarkedPending",
    ]
    assert ann.resumed["pending_again"] == ["total"]
    assert ann.resume() == []


def test_what_an_external_node_provides_is_held_to_its_digest(desk):
    """It is evidence of its consumer like a path of the consumer's own."""
    ann = desk.begin(report=top())
    ann.mark_external("clean", {"clean_orders": str(desk.orders)})
    assert str(ann.state.connections["total"]["clean_orders"].source) == "clean.clean_orders"
    ann.resume()
    desk.orders.write_text(MORE)
    assert told(ann.resume()) == [("total", "input clean_orders changed")]
    assert ann.resume() == []


def test_what_comes_back_as_another_content_is_told_both_ways(desk):
    """Restored, and changed."""
    ann = desk.begin(report=top())
    desk.orders.unlink()
    ann.resume()
    desk.orders.write_text(MORE)
    assert told(ann.resume()) == [
        ("clean", "input orders changed"),
        ("clean", "what was missing is back"),
    ]


def test_a_run_records_before_it_plans(desk):
    """What changed meanwhile stands in front of the run that took it."""
    ann = desk.begin(report=top())
    ann.run()
    desk.orders.write_text(MORE)
    before = ann.version
    assert set(outcomes(ann.run()).values()) == {"passed"}
    types = [row.type for row in ann.history() if row.version > before]
    assert types[:2] == ["WorldChanged", "RunStarted"]


def test_a_command_on_a_node_records_what_changed_at_it(desk):
    """Whoever configures a node has looked at it and at its consumers, and at no other."""
    ann = desk.begin(report=top())
    desk.orders.write_text(MORE)
    desk.script("total", f"{TOTAL}\nEXTRA = 1\n")
    ann.configure("report", top(2))
    assert desk.count("WorldChanged") == 0
    ann.configure("clean", Answers(environ_vars={"CURRENCY": "USD"}))
    assert [node for _, node, _ in desk.events("WorldChanged")] == ["clean", "total"]
    assert ann.resume() == []


def test_looking_shows_what_is_not_recorded(desk):
    """Status tells what a resume would record; nothing is written by any look."""
    ann = desk.begin(report=top())
    desk.orders.write_text(MORE)
    desk.script("total", f"{TOTAL}\nEXTRA = 1\n")
    version = ann.version
    seen = ann.status()["unrecorded"]
    assert (seen["inputs_changed"], seen["scripts_edited"]) == (1, 1)
    assert (seen["pending_again"], seen["restored"], seen["configured"]) == ([], [], [])
    desk.orders.unlink()
    assert ann.status()["unrecorded"]["pending_again"] == ["clean"]
    for look in (ann.check, ann.plan, ann.worklist, ann.next_command):
        look()
    ann.why("clean")
    assert desk.enter("bob").version == version
    ann.resume()
    desk.orders.write_text(ORDERS)
    assert ann.status()["unrecorded"]["restored"] == ["clean"]
    ann.resume()
    assert not any(ann.status()["unrecorded"].values())


def test_a_closed_session_records_and_foretells_nothing(desk):
    """It is only shown."""
    ann = desk.begin(report=top())
    ann.close()
    desk.orders.write_text(MORE)
    assert not any(ann.status()["unrecorded"].values())
    desk.orders.unlink()
    assert ann.resume() == []
    assert not any(ann.status()["unrecorded"].values())


def test_a_large_input_is_told_by_its_stat_until_a_run_took_its_digest(desk):
    """A moved stat counts while no digest is known; then the content does."""
    large = desk.folder / "data/large.csv"
    with large.open("wb") as file:
        file.write(ORDERS.encode())
        file.truncate(16 * 1024 * 1024 + 1)
    ann = desk.begin(report=top())
    ann.configure("clean", Answers(input_paths={"orders": str(large)}))
    os.utime(large, (1, 1))
    assert told(ann.resume()) == [("clean", "input orders changed")]
    assert ann.resume() == []
    desk.script("clean", PASSES)
    ann.run(["clean"])
    os.utime(large, (2, 2))
    assert ann.resume() == []


PASSES = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars):
    print(input_paths["orders"], environ_vars["CURRENCY"])
    Path(output_paths["clean_orders"]).write_text("customer,currency,amount\\n")
"""


def test_a_clock_that_goes_backwards_changes_nothing_of_it(desk):
    """Changes are found by digest, and events keep their order whatever the clock says."""
    ann = desk.begin(report=top())
    clock = ann._caller.clock
    object.__setattr__(ann._caller, "clock", lambda: clock() - timedelta(days=3))
    desk.orders.write_text(MORE)
    os.utime(desk.orders, (1, 1))
    (row,) = ann.resume()
    assert (row.version, row.sentence) == (ann.version, "clean: input orders changed")
    assert row.recorded_at < ann.history()[0].recorded_at
    assert ann.resume() == []


def test_old_outputs_are_no_input_that_changed(desk):
    """What attempts left is told by staleness, never as a change of the world."""
    ann = desk.begin(report=top())
    ann.run()
    (left,) = ann.state.nodes["total"].passed.outputs.values()
    Path(ann.locate(left)).write_text("{}")
    assert ann.resume() == []
    assert ann.resumed["stale"] == 2


def test_a_script_of_many_nodes_is_edited_once(desk):
    """Inputs are counted node by node, scripts by their files."""
    nodes = [f"n{number}" for number in range(30)]
    lines = [f"  {n}: {{script: scripts/reads.py, inputs: {{a: data/{n}.csv}}}}" for n in nodes]
    desk.shell.file("many.yaml", "name: many\nscripts: [scripts]\nnodes:\n" + "\n".join(lines))
    desk.script("reads", "def main(input_paths):\n    open(input_paths['a'])\n")
    for name in nodes:
        desk.shell.file(f"data/{name}.csv", "a,b\n1,2\n")
    session = desk.application().sessions.start(load_pipeline(desk.folder / "many.yaml"))
    for name in nodes:
        desk.shell.file(f"data/{name}.csv", "a,b\n1,3\n")
    assert len(session.resume()) == 30
    assert session.resumed["inputs_changed"] == 30
    desk.script("reads", "def main(input_paths):\n    open(input_paths['a']).read()\n")
    assert len(session.resume()) == 30
    assert session.resumed["scripts_edited"] == 1


def test_what_is_said_of_an_external_node_is_judged_by_the_script_that_it_runs_again(desk):
    """Who configures it looked while it was external; somebody else turned it back meanwhile."""
    session = desk.begin(report=top(1))
    session.mark_external("report")
    other = desk.enter("bob")
    store = session._ports.store
    meanwhile = MeanwhileStore(store)
    meanwhile.meanwhile = lambda: other.mark_internal("report")
    session._handler._store = meanwhile
    session.configure("report", top(9))
    assert session.state.nodes["report"].spec.job_args == {"top": 9}
