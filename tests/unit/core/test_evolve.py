"""What each event does to the state."""

from copy import deepcopy
from typing import get_args

import pytest
from tests.support.builders import (
    HOLDER,
    HOME,
    RUN,
    SESSION,
    STARTED_AT,
    attempt_at,
    envelope,
    envelopes,
    metadata,
    missing,
    need,
    part,
    pipeline,
    plan_of,
    script_info,
    session_started,
    written,
)
from tests.support.dsl import given

from runthrough.core.events import (
    CommandRefused,
    ConfigurationCleared,
    ConfigurationDrafted,
    ConfigurationRejected,
    ConfigurationRestored,
    ConfigurationReverted,
    ConnectionAccepted,
    ConnectionConfirmed,
    ConnectionProposed,
    ConnectionRejected,
    ConnectionRemoved,
    DataFlowChecked,
    Event,
    HomeMoved,
    NodeDiscovered,
    NodeMarkedExternal,
    NodeMarkedInternal,
    NoteAdded,
    PipelineChanged,
    RequirementsRead,
    ReuseAccepted,
    RunCancelRequested,
    RunFinished,
    RunStarted,
    ScriptAutoConfigured,
    ScriptBlocked,
    ScriptBound,
    ScriptConfigured,
    ScriptExecuted,
    ScriptMarkedPending,
    ScriptReused,
    ScriptStarted,
    SessionArchived,
    SessionClosed,
    SessionForked,
    SessionImported,
    SessionRenamed,
    SessionReopened,
    VersionApproved,
    WorldChanged,
    concerned,
    subject_of,
)
from runthrough.core.evolve import evolve, replay
from runthrough.core.lifecycle import Lifecycle, Phase
from runthrough.core.state import (
    LastAttempt,
    NodeState,
    OpenAttempt,
    PassedAttempt,
    ScriptIdentity,
    SessionState,
)
from runthrough.core.values.connections import Connection, Output
from runthrough.core.values.facts import WorldChange
from runthrough.core.values.metadata import Home, Origin
from runthrough.core.values.outcomes import Edge, RunSummary, ScriptLog, SeamResult
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.specs import ScriptSpec
from runthrough.errors import PipelineCycleError

SPEC = ScriptSpec(input_paths={"raw": "workspace:raw"})
OTHER = ScriptSpec(job_args={"n": 1})
NEEDS = (missing("clean", "raw"),)
PRINT = (part("script", "clean", "d"),)

STARTED = session_started(pipeline(("clean", "train")))
FOUND = NodeDiscovered(node="clean", script=script_info())
AUTO = ScriptAutoConfigured(node="clean", spec=SPEC, evidence=())
PENDING = ScriptMarkedPending(node="clean", needs=NEEDS, draft=SPEC)
CONFIGURED = ScriptConfigured(node="clean", spec=SPEC, evidence=())
DRAFTED = ConfigurationDrafted(node="clean", draft=OTHER, needs=NEEDS)
RESTORED = ConfigurationRestored(node="clean", spec=SPEC)
RUNNING = RunStarted(
    run=RUN,
    plan=plan_of("clean", "train"),
    holder=HOLDER,
    runner="process:",
    jobs=1,
    fail_fast=False,
    reuse=True,
)
CLAIMED = ScriptStarted(
    node="clean",
    run=RUN,
    attempt=attempt_at("clean"),
    fingerprint=PRINT,
    runner="process:",
    outputs={"o": "session:o"},
)
FAILED = ScriptExecuted(
    node="clean",
    run=RUN,
    attempt=attempt_at("clean"),
    outcome="failed",
    exit_code=3,
    duration_s=0.5,
    log=ScriptLog(stdout="session:out", stderr="session:err"),
)
PASSED = ScriptExecuted(
    node="clean",
    run=RUN,
    attempt=attempt_at("clean"),
    outcome="passed",
    duration_s=0.5,
    outputs=(written("o", "session:o"),),
)
CONFIRMED = ConnectionConfirmed(
    node="train", input="data", from_node="clean", output="o", subpath="a", reason="a person"
)
ACCEPTED = ConnectionAccepted(
    node="train", input="data", from_node="clean", output="o", score=3.6, reason="equal name"
)
REMOVED = ConnectionRemoved(
    node="train", input="data", from_node="clean", output="o", reason="left out"
)
EDGE = Edge(from_node="clean", output="o", input="data")
MISFIT = DataFlowChecked(node="train", run=RUN, edge=EDGE, result=SeamResult(compatible=False))
FINISHED = RunFinished(run=RUN, status="failed", summary=RunSummary(failed=("clean",)))
EXTERNAL = NodeMarkedExternal(node="clean", outputs={"o": "workspace:o"})
INTERNAL = NodeMarkedInternal(node="clean")
BOUND = ScriptBound(node="clean", script=FOUND.script)
PROPOSED = ConnectionProposed(
    node="train",
    input="data",
    from_node="clean",
    output="o",
    score=1.4,
    margin=0.3,
    reason="similar names",
)
SAID_NO = ConnectionRejected(
    node="train", input="data", from_node="clean", output="o", reason="rejected"
)
CLEARED = ConfigurationCleared(node="clean")
READ = RequirementsRead(
    node="clean", requirements=ScriptRequirements(needs=(need("raw"),)), because="discovered"
)
CHANGED = WorldChanged(node="clean", changes=(WorldChange(name="a", old="b", new="c"),))
REJECTED = ConfigurationRejected(node="clean", spec=SPEC, problems=NEEDS)
REFUSED = CommandRefused(command="run", code="REFUSED", message="no")
BLOCKED = ScriptBlocked(node="train", run=RUN, by=("clean",))
STANDS = ReuseAccepted(node="clean", fingerprint=(part("script", "clean", "d2"),))
STOP = RunCancelRequested(run=RUN)
REUSED = ScriptReused(node="clean", run=RUN, attempt=attempt_at("clean"))

FORKED = SessionForked(parent="parent-1", at=2, name="calm-heron")
IMPORTED = SessionImported(origin=Origin(exported_at=STARTED_AT, app_version="0.1.0"))
RENAMED = SessionRenamed(name="loud-heron")
MOVED = HomeMoved(home=Home(host="host-2", name="bob-ws"))
NOTED = NoteAdded(text="look at the labels")
APPROVED = VersionApproved(version=2, fingerprints={"clean": "d" * 64})
OTHER_PIPELINE = PipelineChanged(
    pipeline=pipeline(("clean", "fit")), renamed={"train": "fit"}, changed=("clean",)
)
REVERTED = ConfigurationReverted(to_version=2, versions=(3,), nodes=("clean",))

EXAMPLES = (
    FORKED, IMPORTED, RENAMED, SessionArchived(), MOVED, NOTED, APPROVED, OTHER_PIPELINE,
    REVERTED,
    STARTED, SessionClosed(), SessionReopened(), FOUND, READ, EXTERNAL, ACCEPTED, CONFIRMED,
    REMOVED, AUTO, PENDING, DRAFTED, CONFIGURED, REJECTED, RESTORED, CHANGED, RUNNING, CLAIMED,
    PASSED, REUSED, BLOCKED, MISFIT, FINISHED, REFUSED, INTERNAL, BOUND, PROPOSED, SAID_NO,
    CLEARED, STANDS, STOP,
)  # fmt: skip
CONCERNS_NONE = {
    "SessionForked", "SessionImported", "SessionRenamed", "SessionArchived", "HomeMoved",
    "NoteAdded", "VersionApproved",
    "CommandRefused", "ConfigurationRejected", "RunFinished", "RunCancelRequested",
    "DataFlowChecked",
}  # fmt: skip
NOBODY_NEED_SEE = {
    "NoteAdded", "CommandRefused", "ConfigurationRejected", "RunFinished", "RunCancelRequested",
    "DataFlowChecked",
}  # fmt: skip
CONCERNS_ALL = {"SessionStarted", "SessionClosed", "SessionReopened"}


def test_every_event_of_the_union_has_its_example():
    """Whoever adds an event is asked here for an example of it."""
    assert {type(event) for event in EXAMPLES} == set(get_args(get_args(Event)[0]))


def test_a_request_to_cancel_is_known_of_the_run_that_is_on():
    """Who asked is told to the tester, and nobody is told once the run is over."""
    state = given(STARTED, FOUND, RUNNING).state
    evolve(state, envelope(STOP, 4, actor="bob"))
    assert state.running.cancelled_by == "bob"
    over = given(STARTED, FOUND, RUNNING, FINISHED).state
    evolve(over, envelope(STOP, 5, actor="bob"))
    assert over.run.cancelled_by is None


def test_an_accepted_change_is_what_the_passed_attempt_depended_on():
    """From then on the attempt counts as made with what is there now."""
    state = given(STARTED, FOUND, AUTO, RUNNING, CLAIMED, PASSED, STANDS).state
    assert state.nodes["clean"].passed.fingerprint == STANDS.fingerprint
    assert given(STARTED, FOUND, STANDS).state.nodes["clean"].passed is None


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.type)
def test_every_event_folds_and_moves_the_version(event):
    """Whatever the event, version, actor and time are those of its envelope."""
    state = given(STARTED, FOUND).state
    evolve(state, envelope(event, 3, actor="bob"))
    assert (state.version, state.last_actor) == (3, "bob")
    assert state.last_at == metadata(3).recorded_at


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.type)
def test_an_event_concerns_those_whom_the_design_names(event):
    """Its node, a plan's nodes, all for the session, nobody for what changes nothing."""
    if event.type in CONCERNS_NONE:
        expected = frozenset()
    elif event.type in CONCERNS_ALL:
        expected = "all"
    else:
        listed = {
            "RunStarted": {"clean", "train"},
            "PipelineChanged": {"clean", "train", "fit"},
            "ConfigurationReverted": {"clean"},
        }
        expected = frozenset(listed.get(event.type) or {event.node})
    assert concerned(event) == expected
    state = replay(envelopes((STARTED, FOUND)), SessionState(SESSION))
    evolve(state, envelope(event, 3))
    at = {name for name, node in state.nodes.items() if node.concerned_at == 3}
    assert at == (set() if expected == "all" else expected & set(state.nodes))
    assert (state.concerned_at == 3) == (expected == "all")
    assert (state.changed_at == 3) == (event.type not in NOBODY_NEED_SEE)


def test_the_subject_is_the_node():
    """Node events are about their node, session events about none."""
    assert subject_of(FOUND) == "clean"
    assert subject_of(FINISHED) is None


def test_a_session_starts_open_with_its_nodes():
    """What the first event brings is what the state holds."""
    state = given(STARTED).state
    assert (state.name, state.phase, state.home) == ("quiet-heron", Phase.OPEN, HOME)
    assert state.pipeline == STARTED.pipeline
    assert state.settings == STARTED.settings
    assert state.nodes == {"clean": NodeState(), "train": NodeState()}
    assert state.predecessors == {"clean": (), "train": ("clean",)}
    assert state.successors == {"clean": ("train",), "train": ()}


def test_nodes_stand_in_topological_order_whatever_the_declaration_says():
    """A node that is declared before what it depends on comes after it."""
    declared = pipeline(("a", "b"), ("b", "c"), c=None, b=None, a=None)
    assert list(given(session_started(declared)).state.nodes) == ["a", "b", "c"]


def test_declared_connections_and_edges_bring_their_nodes_and_edges():
    """A connection implies its edge, and an end that nobody declared is a node."""
    fed = NodeDeclaration(inputs={"data": Output("clean", "o")})
    declared = pipeline(train=fed, clean=None).model_copy(
        update={"edges": (("ghost", "clean"), ("clean", "train"), ("clean", "train"))}
    )
    state = given(session_started(declared)).state
    assert list(state.nodes) == ["ghost", "clean", "train"]
    assert state.predecessors["train"] == ("clean",)


def test_a_cyclic_declaration_is_refused_when_it_arises():
    """No session begins with a cycle."""
    with pytest.raises(PipelineCycleError, match="a → b → a"):
        given(session_started(pipeline(("a", "b"), ("b", "a"))))


def test_closing_and_reopening():
    """The phase follows."""
    assert given(STARTED, SessionClosed()).state.phase is Phase.CLOSED
    assert given(STARTED, SessionClosed(), SessionReopened()).state.phase is Phase.OPEN


def test_a_discovered_node_has_its_script():
    """State keeps of a script what is needed to run it."""
    node = given(STARTED, FOUND, READ).node("clean")
    assert node.state is Lifecycle.DISCOVERED
    assert node.script == ScriptIdentity(
        "clean", "workspace:scripts/clean.py", "workspace:scripts", "clean", has_main=True
    )


def test_a_script_found_late_keeps_the_answers_that_waited_for_it():
    """Answers given while there was no script stay when it is found."""
    nowhere = NodeDiscovered(node="clean", script=None)
    node = given(STARTED, nowhere, DRAFTED, FOUND).node("clean")
    assert (node.draft, node.restores_to, node.needs) == (OTHER, "person", ())


def test_another_script_takes_all_answers_away():
    """What was said of one script says nothing of another."""
    node = given(STARTED, FOUND, CONFIGURED, PENDING, FOUND).node("clean")
    assert (node.spec, node.draft, node.configured_by, node.restores_to) == (None,) * 4
    assert (node.accepted_at, node.accepted_by) == (None, None)


def test_an_external_node_has_no_lifecycle():
    """Its configuration becomes the draft, connections into it go, its outputs are known."""
    into = CONFIRMED.model_copy(update={"node": "clean", "from_node": "other"})
    session = given(STARTED, FOUND, CONFIGURED, into, EXTERNAL)
    node = session.node("clean")
    assert (node.state, node.external, node.script, node.spec) == (None, True, None, None)
    assert node.draft == SPEC
    assert session.state.connections == {}
    assert session.state.outputs_of("clean") == {"o": "workspace:o"}


def test_a_node_that_is_found_again_is_no_longer_external():
    """Discovery ends being external."""
    node = given(STARTED, EXTERNAL, FOUND).node("clean")
    assert (node.external, node.external_outputs) == (False, {})


def test_an_accepted_connection_is_told_from_a_confirmed_one():
    """Who wired it stands in the status."""
    assert given(STARTED, ACCEPTED).state.connections["train"]["data"] == Connection(
        "train", "data", Output("clean", "o"), "accepted", 3.6, "equal name"
    )
    connection = given(STARTED, CONFIRMED).state.connections["train"]["data"]
    assert (connection.status, connection.source) == ("confirmed", Output("clean", "o", "a"))


def test_a_connection_without_a_score_is_what_the_pipeline_declares():
    """What the rules accept has a score, also for an input that was declared otherwise."""
    train = NodeDeclaration(inputs={"data": Output("clean", "other")})
    started = session_started(pipeline(("clean", "train"), train=train))
    declared = ACCEPTED.model_copy(update={"score": None})
    for event, status in ((declared, "declared"), (ACCEPTED, "accepted")):
        state = given(started, event).state
        assert state.connections["train"]["data"].status == status


def test_a_removed_connection_is_gone():
    """Removing one that is not there changes nothing."""
    assert given(STARTED, CONFIRMED, REMOVED).state.connections["train"] == {}
    assert given(STARTED, REMOVED).state.connections == {}


def test_a_connection_brings_its_edge_and_keeps_the_order():
    """Nodes move only as far as the new edge asks."""
    started = session_started(pipeline(("a", "b"), ("b", "c"), a=None, b=None, x=None, y=None))
    joined = CONFIRMED.model_copy(update={"node": "b", "from_node": "y"})
    state = given(started, joined).state
    assert list(state.nodes) == ["a", "x", "y", "b", "c"]
    assert state.predecessors["b"] == ("a", "y")
    assert state.successors["y"] == ("b",)


def test_a_connection_along_the_order_moves_nothing():
    """An edge that agrees with the order leaves it alone."""
    started = session_started(pipeline(("a", "b"), ("b", "c")))
    joined = CONFIRMED.model_copy(update={"node": "c", "from_node": "a"})
    state = given(started, joined).state
    assert list(state.nodes) == ["a", "b", "c"]
    assert state.predecessors["c"] == ("b", "a")


def test_a_connection_that_closes_a_cycle_still_folds():
    """What stands in history is never questioned."""
    back = CONFIRMED.model_copy(update={"node": "clean", "from_node": "train"})
    assert set(given(STARTED, back).state.nodes) == {"clean", "train"}


def test_an_automatic_configuration():
    """The spec is accepted, by nobody in particular."""
    node = given(STARTED, FOUND, AUTO).node("clean")
    assert (node.state, node.configured_by) == (Lifecycle.AUTO_CONFIGURED, "auto")
    assert (node.spec, node.draft, node.accepted_by) == (SPEC, None, "ann")
    assert node.accepted_at == metadata(3).recorded_at


def test_a_persons_configuration():
    """It takes the place of draft and needs."""
    node = given(STARTED, FOUND, PENDING, CONFIGURED).node("clean")
    assert (node.state, node.configured_by) == (Lifecycle.CONFIGURED, "person")
    assert (node.spec, node.draft, node.needs) == (SPEC, None, ())


def test_a_pending_node_keeps_what_is_known():
    """What stood becomes the draft, and who had configured it is remembered."""
    node = given(STARTED, FOUND, CONFIGURED, PENDING, PENDING).node("clean")
    assert (node.state, node.configured_by) == (Lifecycle.PENDING, None)
    assert (node.spec, node.draft, node.needs) == (None, SPEC, NEEDS)
    assert node.restores_to == "person"


def test_a_draft_is_a_persons():
    """Once a person has answered in part, the node is theirs."""
    node = given(STARTED, FOUND, AUTO, PENDING, DRAFTED).node("clean")
    assert (node.state, node.draft, node.restores_to) == (Lifecycle.PENDING, OTHER, "person")


@pytest.mark.parametrize(
    ("before", "state", "by"),
    [
        ((AUTO, PENDING), Lifecycle.AUTO_CONFIGURED, "auto"),
        ((CONFIGURED, PENDING), Lifecycle.CONFIGURED, "person"),
        ((PENDING,), Lifecycle.CONFIGURED, "person"),
    ],
)
def test_a_restored_node_is_again_whose_it_was(before, state, by):
    """Restoring brings back who configured it, and when."""
    node = given(STARTED, FOUND, *before, RESTORED).node("clean")
    assert (node.state, node.configured_by, node.restores_to) == (state, by, None)
    accepted_at = 3 if len(before) == 2 else 4
    assert node.accepted_at == metadata(accepted_at).recorded_at


@pytest.mark.parametrize("event", [REJECTED, CHANGED, REFUSED], ids=lambda event: event.type)
def test_some_events_are_history_only(event):
    """Rejections, refusals and changes of the world change nothing by themselves."""
    session = given(STARTED, FOUND, CONFIGURED)
    before = deepcopy(session.state)
    evolve(session.state, envelope(event, 4))
    session.state.version, session.state.last_at = before.version, before.last_at
    session.state.command, session.state.command_after = before.command, before.command_after
    session.state.nodes["clean"].concerned_at = before.nodes["clean"].concerned_at
    session.state.changed_at = before.changed_at
    assert session.state == before


def test_a_run_starts_and_ends():
    """While it is on, the session is running; afterwards it is open and the run is remembered."""
    session = given(STARTED, FOUND, AUTO, RUNNING)
    run = session.state.running
    assert session.state.phase is Phase.RUNNING
    assert (run.run, run.actor, run.holder, run.reuse) == (RUN, "ann", HOLDER, True)
    assert run.started_at == metadata(4).recorded_at
    after = given(STARTED, FOUND, AUTO, RUNNING, FINISHED).state
    assert (after.phase, after.running) == (Phase.OPEN, None)
    assert (after.run.status, after.run.summary) == ("failed", FINISHED.summary)


def test_an_attempt_is_claimed():
    """The node keeps its state while its script runs."""
    node = given(STARTED, FOUND, AUTO, RUNNING, CLAIMED).node("clean")
    assert node.state is Lifecycle.AUTO_CONFIGURED
    assert node.running == OpenAttempt(RUN, attempt_at("clean"), PRINT, {"o": "session:o"})


def test_a_failed_attempt_is_the_last_one():
    """What passed before stays what passed last."""
    session = given(STARTED, FOUND, AUTO, RUNNING, CLAIMED, PASSED, CLAIMED, FAILED)
    node = session.node("clean")
    assert (node.state, node.running) == (Lifecycle.EXECUTED, None)
    assert node.last == LastAttempt(
        RUN,
        attempt_at("clean"),
        "failed",
        metadata(8).recorded_at,
        0.5,
        3,
        None,
        None,
        None,
        "session:err",
        PRINT,
    )
    assert node.passed.at == metadata(6).recorded_at
    assert session.state.run.outcomes == {"clean": "failed"}


def test_a_passed_attempt_leaves_its_outputs():
    """Consumers find the producer's paths and digests."""
    session = given(STARTED, FOUND, AUTO, RUNNING, CLAIMED, PASSED)
    assert session.node("clean").passed == PassedAttempt(
        RUN,
        attempt_at("clean"),
        metadata(6).recorded_at,
        PRINT,
        {"o": "session:o"},
        {"o": "d1"},
    )
    assert session.state.outputs_of("clean") == {"o": "session:o"}
    assert session.state.outputs_of("train") is None
    assert session.node("clean").last.log is None


def test_a_reused_node_is_executed():
    """The run is through with it."""
    session = given(STARTED, FOUND, AUTO, RUNNING, REUSED)
    assert session.node("clean").state is Lifecycle.EXECUTED
    assert session.state.run.outcomes == {"clean": "reused"}


def test_a_blocked_node_keeps_its_state():
    """The run is through with it and knows what stood in the way."""
    session = given(STARTED, RUNNING, BLOCKED)
    assert session.node("train").state is None
    assert session.state.run.outcomes == {"train": "blocked"}
    assert session.state.run.blocked_by == {"train": ("clean",)}


def test_a_connection_that_does_not_fit_is_remembered():
    """One that fits leaves no trace in the state."""
    fits = MISFIT.model_copy(update={"result": SeamResult(compatible=True)})
    assert given(STARTED, RUNNING, MISFIT).state.run.incompatible == [("clean", "train")]
    assert given(STARTED, RUNNING, fits).state.run.incompatible == []


@pytest.mark.parametrize(
    "event", [PASSED, REUSED, BLOCKED, MISFIT, FINISHED], ids=lambda event: event.type
)
def test_what_a_run_reports_folds_without_the_run(event):
    """Replay never fails for what is not there."""
    assert given(STARTED, event).state.run is None


def test_what_no_session_says_is_empty():
    """A node of which the pipeline says nothing has an empty declaration."""
    state = SessionState(SESSION)
    assert state.declared("anything") == NodeDeclaration()
    assert state.running is None
    assert metadata(1).recorded_at > STARTED_AT
