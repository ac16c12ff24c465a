"""What readers are shown of state and history."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.builders import (
    configure,
    envelopes,
    pipeline,
    plan_of,
    session_started,
    start_run,
)
from tests.support.strategies import EVENT_CLASSES, models

from runthrough.core.events import DataFlowChecked, RunStarted
from runthrough.core.evolve import replay
from runthrough.core.state import SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName, RunId, SessionId
from runthrough.core.values.outcomes import Edge, SeamResult
from runthrough.core.values.problems import Place, Problem
from runthrough.core.views.conflicts import asked_values, conflict_fields
from runthrough.core.views.history import sentence
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.results import results_view


def folded(*events):
    return replay(envelopes(events), SessionState(SessionId("s")))


@pytest.mark.parametrize("kind", EVENT_CLASSES, ids=lambda kind: kind.__name__)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_event_has_a_sentence(kind, data):
    """Whatever an event holds, a reader gets words for it."""
    assert sentence(data.draw(models(kind))).strip()


def test_an_answer_is_told_by_dotted_names():
    """A conflict names what was asked as the configuration is named."""
    command = configure(
        "b",
        input_paths={"raw": Output("a", "out", "train"), "more": "workspace:m.csv"},
        output_paths={"result": "abs:/r"},
        environ_vars={"LABEL": "y"},
        job_args={"depth": 3},
    )
    assert asked_values(command) == {
        "input.raw": "@a.out/train",
        "input.more": "m.csv",
        "output.result": "/r",
        "env.LABEL": "y",
        "arg.depth": 3,
    }


def test_a_conflict_on_a_node_that_was_not_there_has_no_base():
    """Where the base knows nothing of the node, only what was asked is told."""
    command = configure("b", job_args={"depth": 3})
    nothing = SessionState(SessionId("s"))
    (field,) = conflict_fields(command, nothing, nothing)
    assert field == {"field": "arg.depth", "base": None, "theirs": None, "yours": 3}


def test_results_need_a_run():
    """Before the first run there are no results to show."""
    with pytest.raises(ValueError, match="no run"):
        results_view(folded(), Particulars(), [], locate=str)


def seam(from_output, to_input, message=None):
    place = Place(node="b", kind="input", name=to_input)
    issue = Problem(
        code="OUTPUT_NOT_WRITTEN", severity="error", where=place, message=message or "", fix=""
    )
    return DataFlowChecked(
        node=NodeName("b"),
        run=RunId("r"),
        edge=Edge(from_node="a", output=from_output, to_node="b", input=to_input),
        result=SeamResult(compatible=message is None, issues=() if message is None else (issue,)),
    )


def test_connections_of_one_edge_are_told_together():
    """An edge fits only when all its connections do, and tells the issues of each."""
    command = start_run()
    started = RunStarted(
        run=command.run,
        plan=plan_of("a", "b"),
        holder=command.holder,
        runner=command.runner,
        jobs=1,
        fail_fast=False,
        reuse=True,
    )
    state = folded(session_started(pipeline(("a", "b"))), started)
    seams = [seam("x", "x"), seam("y", "y", "nothing there"), seam("z", "z")]
    flows = results_view(state, Particulars(), seams, locate=str)["data_flow_results"]
    assert list(flows) == ["a->b"]
    assert flows["a->b"]["compatible"] is False
    assert flows["a->b"]["compatibility_issues"] == ["nothing there"]
