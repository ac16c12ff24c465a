"""What becomes of a session as a whole: forked, renamed, moved, approved, of another pipeline."""

from dataclasses import replace

from tests.support.builders import (
    HOLDER,
    RUN,
    SESSION,
    STARTED_AT,
    attempt_at,
    envelope,
    missing,
    pipeline,
    plan_of,
    script_info,
    session_started,
    written,
)
from tests.support.dsl import given

from runthrough.core.events import (
    ConnectionConfirmed,
    ConnectionProposed,
    ConnectionRejected,
    DataFlowChecked,
    HomeMoved,
    NodeDiscovered,
    PipelineChanged,
    RunFinished,
    RunStarted,
    ScriptConfigured,
    ScriptExecuted,
    ScriptMarkedPending,
    ScriptStarted,
    SessionArchived,
    SessionClosed,
    SessionForked,
    SessionImported,
    SessionRenamed,
    SessionReopened,
    VersionApproved,
)
from runthrough.core.evolve import evolve
from runthrough.core.lifecycle import Lifecycle, Phase
from runthrough.core.state import Approval
from runthrough.core.values.connections import Output
from runthrough.core.values.metadata import Home, Origin
from runthrough.core.values.outcomes import Edge, RunSummary, ScriptLog, SeamResult
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.specs import ScriptSpec

SPEC = ScriptSpec(
    input_paths={"raw": "workspace:raw", "old": "session:runs/0/x/y/o"},
    output_paths={"o": "session:o"},
)
STARTED = session_started(pipeline(("clean", "train")))
FOUND = NodeDiscovered(node="clean", script=script_info())
CONFIGURED = ScriptConfigured(node="clean", spec=SPEC, evidence=())
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
    fingerprint=(),
    runner="process:",
    outputs={"o": "session:o"},
)
PASSED = ScriptExecuted(
    node="clean",
    run=RUN,
    attempt=attempt_at("clean"),
    outcome="passed",
    duration_s=0.5,
    outputs=(written("o", "session:o"),),
    log=ScriptLog(stdout="session:out", stderr="session:err"),
)
CONFIRMED = ConnectionConfirmed(
    node="train", input="data", from_node="clean", output="o", reason="said"
)
FORKED = SessionForked(parent=SESSION, at=6, name="calm-heron")


def forked_from(*events):
    """The state of a fork of a session in which these events have happened."""
    state = given(*events).state
    event = FORKED.model_copy(update={"at": state.version})
    evolve(state, replace(envelope(event, state.version + 1), session_id="fork-1"))
    return state


def test_a_fork_is_another_session_with_the_same_configuration():
    """It is open, whatever its parent was doing, and knows where it comes from."""
    state = forked_from(STARTED, FOUND, CONFIGURED, RUNNING, CLAIMED)
    assert (state.session_id, state.name, state.phase) == ("fork-1", "calm-heron", Phase.OPEN)
    assert (state.parent, state.forked_at, state.run) == (SESSION, 5, None)
    node = state.nodes["clean"]
    assert (node.state, node.running) == (Lifecycle.CONFIGURED, None)
    assert forked_from(STARTED, SessionClosed(), SessionArchived()).archived is False


def test_what_the_parent_wrote_lies_in_its_own_folder():
    """The fork's folder is another one; other roots are the same."""
    node = forked_from(STARTED, FOUND, CONFIGURED, RUNNING, CLAIMED, PASSED).nodes["clean"]
    root = f"session@{SESSION}"
    assert node.passed.outputs == {"o": f"{root}:o"}
    assert node.last.log == f"{root}:err"
    assert node.spec.input_paths == {"raw": "workspace:raw", "old": f"{root}:runs/0/x/y/o"}
    assert node.spec.output_paths == {"o": f"{root}:o"}


def test_a_session_is_renamed_moved_and_archived():
    """Name, home and whether it is listed follow; a reopened session is listed again."""
    home = Home(host="host-2", name="bob-ws")
    state = given(STARTED, SessionRenamed(name="loud-heron"), HomeMoved(home=home)).state
    assert (state.name, state.home) == ("loud-heron", home)
    archived = given(STARTED, SessionClosed(), SessionArchived())
    assert (archived.state.phase, archived.state.archived) == (Phase.CLOSED, True)
    assert (
        given(STARTED, SessionClosed(), SessionArchived(), SessionReopened()).state.archived
        is False
    )


def test_an_imported_part_of_a_session_takes_nothing_more():
    """A whole one goes on as it was; a part is there for its forks alone."""
    origin = Origin(exported_at=STARTED_AT, app_version="0.1.0")
    assert given(STARTED, SessionImported(origin=origin)).state.phase is Phase.OPEN
    part = given(STARTED, SessionImported(origin=origin.model_copy(update={"whole": False}))).state
    assert (part.phase, part.archived) == (Phase.CLOSED, True)


def test_the_last_green_version_is_that_of_a_run_that_passed():
    """A failed run moves it not."""
    green = RunFinished(run=RUN, status="passed", summary=RunSummary())
    red = green.model_copy(update={"status": "failed"})
    assert given(STARTED, RUNNING, red).state.green_at is None
    assert given(STARTED, RUNNING, green, RUNNING, red).state.green_at == 3


def test_an_approval_remembers_since_when_each_node_may_differ():
    """Of each node the first event counts; what a run does is none."""
    approved = VersionApproved(version=3, fingerprints={"clean": "d" * 64})
    pending = ScriptMarkedPending(node="train", needs=(missing("train", "data"),), draft=SPEC)
    state = given(
        STARTED, FOUND, CONFIGURED, approved, RUNNING, CONFIGURED, pending, CONFIGURED
    ).state
    assert state.approval == Approval(
        3, "ann", state.approval.at, {"clean": "d" * 64}, {"clean": 6, "train": 7}
    )


def test_a_renamed_node_stays_what_it_was():
    """Its configuration, its connections and what is fed by it go by the new name."""
    said_no = ConnectionRejected(
        node="train", input="more", from_node="clean", output="p", reason="no"
    )
    question = ConnectionProposed(
        node="train", input="extra", from_node="clean", output="q", score=1, margin=0, reason="r"
    )
    changed = PipelineChanged(
        pipeline=pipeline(("tidy", "train")), renamed={"clean": "tidy"}, changed=("train",)
    )
    state = given(STARTED, FOUND, CONFIGURED, CONFIRMED, said_no, question, changed).state
    assert list(state.nodes) == ["tidy", "train"]
    assert state.nodes["tidy"].spec == SPEC
    assert state.connections["train"]["data"].source == Output("tidy", "o")
    assert state.rejected["train"][0].source == Output("tidy", "p")
    assert state.proposals["train"]["extra"].source == Output("tidy", "q")
    assert state.predecessors == {"tidy": (), "train": ("tidy",)}


def test_what_was_found_not_to_fit_goes_by_the_new_name_or_goes():
    """A producer is not held to what a node needs that is gone, and tells the rest as it is."""
    unfit = DataFlowChecked(
        node="train",
        run=RUN,
        edge=Edge(from_node="clean", output="o", input="data"),
        result=SeamResult(compatible=False),
    )
    went = (STARTED, FOUND, CONFIGURED, CONFIRMED, RUNNING, CLAIMED, PASSED, unfit)
    renamed = PipelineChanged(pipeline=pipeline(("clean", "learn")), renamed={"train": "learn"})
    (misfit,) = given(*went, renamed).state.nodes["clean"].misfits
    assert misfit.node == "learn"
    fits = unfit.model_copy(update={"node": "learn", "result": SeamResult(compatible=True)})
    assert given(*went, renamed, fits).state.nodes["clean"].misfits == ()
    removed = PipelineChanged(pipeline=pipeline(clean=None), removed=("train",))
    assert given(*went, removed).state.nodes["clean"].misfits == ()


def test_a_removed_node_goes_with_all_its_ends():
    """Nothing is fed by it, asked about it, or remembered of it."""
    changed = PipelineChanged(pipeline=pipeline(train=None), removed=("clean",))
    state = given(STARTED, FOUND, CONFIGURED, CONFIRMED, changed).state
    assert list(state.nodes) == ["train"]
    assert (state.connections["train"], state.predecessors["train"]) == ({}, ())
    again = PipelineChanged(pipeline=STARTED.pipeline, added=("clean",))
    evolve(state, envelope(again, 6))
    assert state.nodes["clean"].spec is None


def test_nodes_stand_in_the_order_of_the_new_pipeline():
    """An edge that a person's connection brought counts in it."""
    brought = CONFIRMED.model_copy(update={"node": "clean", "from_node": "audit"})
    first = session_started(pipeline(audit=None, clean=None, train=None))
    declared = pipeline(("train", "audit"), clean=NodeDeclaration(), audit=NodeDeclaration())
    changed = PipelineChanged(pipeline=declared, changed=("audit",))
    state = given(first, FOUND, brought, changed).state
    assert list(state.nodes) == ["train", "audit", "clean"]
    assert state.successors["audit"] == ("clean",)


def test_a_cycle_in_the_log_leaves_its_last_edge_out():
    """Decisions refuse one, and replay is total all the same."""
    back = CONFIRMED.model_copy(update={"node": "clean", "from_node": "train"})
    changed = PipelineChanged(pipeline=pipeline(("clean", "train")), changed=("clean",))
    state = given(STARTED, back, changed).state
    assert list(state.nodes) == ["clean", "train"]
    assert state.predecessors == {"clean": (), "train": ("clean",)}


def test_a_node_that_an_undo_brings_back_has_its_outcomes():
    """One that an update brings has none, and a fork knows nothing of those that went."""
    away = PipelineChanged(pipeline=pipeline(train=None), removed=("clean",))
    again = PipelineChanged(pipeline=STARTED.pipeline, added=("clean",))
    events = (STARTED, FOUND, CONFIGURED, RUNNING, CLAIMED, PASSED, away)
    back = given(*events, again.model_copy(update={"restored": ("clean",)})).state
    assert back.nodes["clean"].passed.outputs == {"o": "session:o"}
    assert (back.nodes["clean"].spec, back.gone) == (None, {})
    anew = given(*events, again).state
    assert (anew.nodes["clean"].passed, list(anew.gone)) == (None, ["clean"])
    assert forked_from(*events).gone == {}
