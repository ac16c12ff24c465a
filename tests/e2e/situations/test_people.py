"""Situations in which people meet, come back, take back, or sit at other machines."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.support import days
from tests.support.desk import NAME, categories, outcomes, sentences, states, top

from runthrough.application.answers import Answers
from runthrough.errors import (
    CommandRefusedError,
    ConfigurationInvalidError,
    SessionNameTakenError,
    VersionConflictError,
)

AUTO, PERSON = "auto_configured", "configured"


def test_10_undo_past_a_run(desk):
    """The configuration goes back; the run, its outcome and notes stay."""
    ann = desk.begin(report=top(1))
    ann.configure("report", top(2))
    ann.run()
    ann.note("looks right")

    undone = ann.recorded(ann.undo())
    there = ann.state.nodes["report"]
    assert (there.state.value, there.spec.job_args) == (PERSON, {"top": 1})
    assert there.last.outcome == "passed"
    assert "RunFinished" not in [row.type for row in undone]
    assert (desk.count("RunFinished"), desk.count("NoteAdded")) == (1, 1)
    assert categories(ann)["report"] == "stale"
    assert states(ann)["total"] == "executed"

    ann.redo()
    assert ann.state.nodes["report"].spec.job_args == {"top": 2}
    assert outcomes(ann.run())["report"] == "reused"


@pytest.mark.slow
def test_10_undo_of_a_new_name_asks_under_the_old_one(desk):
    """What a renamed node lacks is told of the name that it has again, and can be typed."""
    pipeline = desk.folder / "pipeline.yaml"
    ann = desk.begin(report=top())
    (desk.folder / "scripts/report.py").unlink()
    pipeline.write_text(pipeline.read_text().replace("report", "summary"))
    desk.shell.run("update", "pipeline.yaml", "--rename", "report=summary", "--session", NAME)

    ann.refresh()
    ann.undo()
    (need,) = ann.state.nodes["report"].needs
    assert (need.where.node, need.message) == (
        "report",
        "Script 'report' not found in discovered scripts",
    )
    assert ann.next_command() == "runthrough bind report PATH"
    assert ann.state.nodes["report"].draft.job_args == {"top": 1}


def test_11_undo_of_another_persons_action(desk):
    """The last action is named with its actor, and only who says so takes it back."""
    ann = desk.begin(report=top(1))
    bob = desk.enter("bob")
    bob.configure("report", top(5))

    ann.refresh()
    with pytest.raises(CommandRefusedError) as refused:
        ann.undo()
    assert "bob" in refused.value.message
    assert "--anyone" in refused.value.fix
    assert ann.state.nodes["report"].spec.job_args == {"top": 5}

    rows = ann.recorded(ann.undo(anyone=True))
    assert ann.state.nodes["report"].spec.job_args == {"top": 1}
    (reverted,) = [row for row in rows if row.type == "ConfigurationReverted"]
    assert reverted.actor == "ann"


def test_13_a_refused_command_and_what_others_based_theirs_on(desk):
    """Refusals, rejections and notes concern no node: what was based on before them still goes."""
    ann = desk.begin()
    seen = ann.version
    bob = desk.enter("bob")
    with pytest.raises(CommandRefusedError):
        bob.mark_internal("report")
    with pytest.raises(ConfigurationInvalidError):
        bob.configure("report", Answers(user_notes="without an answer"))
    bob.note("what is top?")
    assert bob.version == seen + 3

    ann.configure("report", top(1, based_on=seen))
    with pytest.raises(VersionConflictError) as conflict:
        bob.configure("report", top(2, based_on=seen))
    assert conflict.value.fields == ({"field": "arg.top", "base": None, "theirs": 1, "yours": 2},)


SIDE = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(output_paths["table"]).write_text("SIDE")
"""
JOIN = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(output_paths["joined"]).write_text(Path(input_paths["table"]).read_text())
"""
SIDES = """\
name: sides
scripts: [scripts]
nodes: {left: {}, right: {}, join: {}}
edges: [[left, join], [right, join]]
"""


def test_14_two_people_confirm_different_sources_of_one_input(desk):
    """The later one is told what the other chose; who insists replaces it, and history says so."""
    for side in ("left", "right"):
        desk.script(side, SIDE.replace("SIDE", side))
    desk.script("join", JOIN)
    desk.shell.file("pipeline.yaml", SIDES)
    ann = desk.begin()
    bob = desk.enter("bob")
    seen = bob.version
    assert ann.proposed() == ["join.table"]

    source = ann.state.proposals["join"]["table"].source.node
    other = {"left": "right", "right": "left"}[source]

    ann.confirm(["join.table"], based_on=seen)
    with pytest.raises(VersionConflictError) as conflict:
        bob.connect(f"{other}.table", "join.table", based_on=seen)
    (field,) = conflict.value.fields
    assert (field["field"], field["theirs"], field["yours"]) == (
        "input.table",
        f"@{source}.table",
        f"@{other}.table",
    )

    told = sentences(bob.recorded(bob.connect(f"{other}.table", "join.table")))
    assert any(f"{source}.table" in sentence for sentence in told)
    assert [str(c.source) for c in bob.state.connections["join"].values()] == [f"{other}.table"]
    results = bob.run()
    assert results["pipeline_success"]
    (joined,) = desk.folder.rglob("join/*/joined")
    assert joined.read_text() == other


def test_24_reopen_when_the_name_was_taken(desk):
    """It is refused, and goes with a new name; the other session keeps the old one."""
    first = desk.begin(report=top())
    first.close()
    second = desk.begin("bob")
    with pytest.raises(SessionNameTakenError) as taken:
        first.reopen()
    assert "--name" in taken.value.fix
    assert first.state.phase.value == "closed"

    first.reopen(name="first")
    directory = desk.application().sessions
    assert directory.found("first").session_id == first.session_id
    assert directory.found(NAME).session_id == second.session_id
    assert set(outcomes(first.run()).values()) == {"passed"}


@pytest.mark.slow
def test_29_a_clock_that_goes_backwards(desk):
    """As of a time is what stood before the first later event, whatever came after that one."""
    monday = datetime(2026, 11, 23, 9, tzinfo=UTC)
    with days.on(monday):
        begun = desk.begin(report=top(1)).version
    with days.on(monday + timedelta(days=1)):
        desk.enter("bob").configure("report", top(2))
    with days.on(monday + timedelta(hours=2)):
        cy = desk.enter("cy")
        cy.configure("report", top(3))
    with days.on(monday + timedelta(days=1, hours=2)):
        desk.enter("ann").configure("report", top(4))
    assert [row.actor for row in cy.history("report")][-3:] == ["bob", "cy", "ann"]

    then = desk.application().sessions.open_at(NAME, monday + timedelta(hours=5))
    assert then.version == begun
    assert then.state.nodes["report"].spec.job_args == {"top": 1}
    late = desk.application().sessions.open_at(NAME, monday + timedelta(days=2))
    assert late.state.nodes["report"].spec.job_args == {"top": 4}
    done = desk.shell.run("audit", "verify")
    assert "verifies" in done.out
