"""What readers are shown of state and history."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.builders import (
    configure,
    envelopes,
    node_facts,
    pipeline,
    plan_of,
    script_info,
    session_started,
    start_run,
)
from tests.support.strategies import EVENT_CLASSES, models

from runthrough.core.events import (
    ConnectionConfirmed,
    ConnectionRemoved,
    DataFlowChecked,
    NodeDiscovered,
    RunStarted,
    ScriptAutoConfigured,
    ScriptExecuted,
    ScriptStarted,
)
from runthrough.core.evolve import replay
from runthrough.core.staleness import fingerprint
from runthrough.core.state import SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import AttemptId, NodeName, RunId, SessionId
from runthrough.core.values.outcomes import Edge, SeamResult
from runthrough.core.values.problems import Place, Problem
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.views.conflicts import asked_values, conflict_fields
from runthrough.core.views.history import sentence
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.results import results_view
from runthrough.core.views.worklist import answer_command, worklist


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
    (field,) = conflict_fields(command, NodeName("b"), nothing, nothing)
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
        edge=Edge(from_node="a", output=from_output, input=to_input),
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


def connected(kind, source):
    return kind(
        node=NodeName("c"), input="raw", from_node=NodeName(source), output="out", reason="told"
    )


def test_an_edge_that_a_connection_brought_goes_with_it():
    """After a slip was replaced, the consumer no longer waits for the wrong producer."""
    declared = pipeline(a=None, b=None, c=None)
    state = folded(
        session_started(declared),
        connected(ConnectionConfirmed, "a"),
        connected(ConnectionRemoved, "a"),
        connected(ConnectionConfirmed, "b"),
    )
    assert state.predecessors["c"] == ("b",)
    assert state.successors["a"] == ()


def test_an_edge_of_the_pipeline_stays_without_its_connection():
    """What the pipeline declares as an edge orders the nodes with or without a connection."""
    state = folded(
        session_started(pipeline(("a", "c"))),
        connected(ConnectionConfirmed, "a"),
        connected(ConnectionRemoved, "a"),
    )
    assert state.predecessors["c"] == ("a",)


@pytest.mark.parametrize(
    ("name", "value"), [("API_TOKEN", "@secret:NAME"), ("LABEL_FIELD", "VALUE")]
)
def test_a_variable_named_like_a_secret_is_asked_for_by_name(name, value):
    """The command to type never invites a secret in plain."""
    place = Place(node="a", kind="environ_var", name=name)
    need = Problem(code="ENV_MISSING", severity="error", where=place, message="", fix="")
    command = answer_command(NodeName("a"), [need])
    assert command == f"runthrough configure a --env {name}={value}"


@pytest.mark.parametrize(("outcome", "category"), [("lost", "ready"), ("failed", "failed")])
def test_an_interrupted_attempt_is_no_failure(outcome, category):
    """What its tester's end cut off is ready to run again; what failed is told as failed."""
    spec = ScriptSpec()
    run, attempt = RunId("r"), AttemptId("x")
    facts = node_facts(script=script_info("a"))
    state = folded(
        session_started(pipeline(a=None)),
        NodeDiscovered(node=NodeName("a"), script=script_info("a")),
        ScriptAutoConfigured(node=NodeName("a"), spec=spec, evidence=()),
    )
    present = fingerprint(state, NodeName("a"), facts)
    more = (
        ScriptStarted(
            node=NodeName("a"),
            run=run,
            attempt=attempt,
            fingerprint=present,
            runner="",
            outputs={},
        ),
        ScriptExecuted(
            node=NodeName("a"), run=run, attempt=attempt, outcome=outcome, duration_s=0.0
        ),
    )
    replay(envelopes(more, after=state.version), state)
    (row,) = worklist(state, {NodeName("a"): facts})
    assert row.category == category


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"format_read": "csv", "format_written": "csv"}, "{} fits {}"),
        ({"format_written": "csv"}, "{} was handed to {} (not judged)"),
        ({"format_read": "csv", "unchecked": "it is too large"},
         "{} was handed to {} (not judged)"),
        ({"format_read": "csv", "issues": ["warning"]}, "{} may not fit {}"),
        ({"compatible": False, "issues": ["error"]}, "{} does not fit {}"),
    ],
)  # fmt: skip
def test_history_says_fits_only_of_what_was_judged(result, told):
    """What nobody could judge was handed over, and no more is said."""
    issues = tuple(
        Problem(
            code="SEAM_FORMAT",
            severity=severity,
            where=Place(node="b", kind="input", name="rows"),
            message="it holds text",
            fix="look",
        )
        for severity in result.pop("issues", ())
    )
    checked = DataFlowChecked(
        node="b",
        run="run-1",
        edge=Edge(from_node="a", output="data", input="rows"),
        result=SeamResult(**{"compatible": True, "issues": issues, **result}),
    )
    assert sentence(checked) == told.format("a.data", "b.rows")
