"""A session's first command."""

import pytest
from tests.support.builders import (
    file_at,
    need,
    node_facts,
    nothing_at,
    pipeline,
    script_info,
    session_started,
    start,
)
from tests.support.dsl import given

from runthrough.core.events import (
    ConnectionAccepted,
    NodeDiscovered,
    NodeMarkedExternal,
    RequirementsRead,
    ScriptAutoConfigured,
    ScriptMarkedPending,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import Evidence, NodeFacts
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.specs import ScriptSpec
from runthrough.errors import CommandRefusedError, PipelineCycleError

RAW = file_at("workspace:input/clean/raw", digest="d")
CLEAN = node_facts(
    need("raw"),
    need("data", "output"),
    paths=[RAW],
    found={"raw": "workspace:input/clean/raw"},
)
TRAIN = node_facts(need("data"), need("n", "job_arg"), script=script_info("train"))
EDGE = ("clean", "train")


def declared(**more):
    return NodeDeclaration(**more)


def test_what_needs_no_person_is_configured_and_the_rest_is_pending():
    """Discover, wire, settle: a file by convention, an equal name, a missing argument."""
    command = start(pipeline(EDGE), {"clean": CLEAN, "train": TRAIN})
    asks = given().when(command).events[-1].needs
    given().when(command).then(
        session_started(command.pipeline),
        NodeDiscovered(node="clean", script=CLEAN.script),
        RequirementsRead(node="clean", requirements=CLEAN.requirements, because="discovered"),
        NodeDiscovered(node="train", script=TRAIN.script),
        RequirementsRead(node="train", requirements=TRAIN.requirements, because="discovered"),
        ConnectionAccepted(
            node="train",
            input="data",
            from_node="clean",
            output="data",
            score=3.0,
            margin=4.5,
            reason="equal names: data",
        ),
        ScriptAutoConfigured(
            node="clean",
            spec=ScriptSpec(input_paths={"raw": RAW.path}),
            evidence=(
                Evidence(
                    kind="input",
                    name="raw",
                    source="found",
                    path=RAW.path,
                    size_bytes=10,
                    mtime_ns=1,
                    inode=2,
                    digest="d",
                ),
            ),
        ),
        ScriptMarkedPending(node="train", needs=asks, draft=ScriptSpec()),
    )
    assert [problem.message for problem in asks] == ["Missing required argument: n"]


def test_declared_values_are_the_evidence():
    """What the pipeline file says is told apart from what a connection brings."""
    nodes = {
        "train": declared(
            inputs={"data": Output("clean", "data", "sub"), "extra": "workspace:e"},
            environ_vars={"MODE": "x"},
            job_args={"n": 1},
            timeout_s=60,
            python="py",
        )
    }
    facts = {"clean": CLEAN, "train": TRAIN}
    event = given().when(start(pipeline(EDGE, **nodes), facts)).events[-1]
    assert event.spec == ScriptSpec(
        input_paths={"extra": "workspace:e"},
        environ_vars={"MODE": "x"},
        job_args={"n": 1},
        timeout_s=60,
        python="py",
    )
    assert [(e.kind, e.name, e.source, e.connection) for e in event.evidence] == [
        ("input", "extra", "pipeline", None),
        ("input", "data", "connection", "clean.data/sub"),
        ("environ_var", "MODE", "pipeline", None),
        ("job_arg", "n", "pipeline", None),
    ]


def test_a_node_without_a_script_is_pending_and_nothing_is_invented():
    """Nothing is read from a script that is not there."""
    when = given().when(start(pipeline(clean=None), {"clean": NodeFacts()}))
    assert when.names == ["SessionStarted", "NodeDiscovered", "ScriptMarkedPending"]
    assert [problem.code for problem in when.events[-1].needs] == ["SCRIPT_NOT_FOUND"]


def test_a_node_that_was_not_looked_for_is_pending():
    """A connection may bring a node that nobody declared."""
    train = declared(inputs={"data": Output("ghost", "data")}, job_args={"n": 1})
    session = given().after(start(pipeline(train=train), {"train": TRAIN}))
    assert list(session.state.nodes) == ["ghost", "train"]
    assert session.node("ghost").state is Lifecycle.PENDING
    assert session.node("train").state is Lifecycle.AUTO_CONFIGURED


def test_an_external_node_has_outputs_and_no_lifecycle():
    """It feeds its consumers by equal names, and is neither discovered nor settled."""
    outside = declared(external=True, outputs={"raw": "workspace:data"})
    facts = {"clean": node_facts(need("raw"), paths=[file_at("workspace:data")])}
    when = given().when(start(pipeline(("outside", "clean"), outside=outside), facts))
    assert when.events[1] == NodeMarkedExternal(node="outside", outputs={"raw": "workspace:data"})
    assert when.session.node("outside").state is None
    assert when.session.node("clean").state is Lifecycle.AUTO_CONFIGURED
    assert str(when.session.state.connections["clean"]["raw"].source) == "outside.raw"


def test_a_declared_path_that_an_upstream_node_writes_is_a_connection():
    """Also through an ancestor beyond an edge, and into a folder of the output."""
    nodes = {
        "load": declared(outputs={"all": "workspace:all"}),
        "clean": declared(inputs={"raw": "workspace:all"}),
        "train": declared(inputs={"data": "workspace:all/train/x"}, job_args={"n": 1}),
    }
    facts = {
        "load": node_facts(need("all", "output"), script=script_info("load")),
        "clean": CLEAN,
        "train": TRAIN,
    }
    when = given().when(start(pipeline(("load", "clean"), EDGE, **nodes), facts))
    state = when.session.state
    assert str(state.connections["clean"]["raw"].source) == "load.all"
    assert str(state.connections["train"]["data"].source) == "load.all/train/x"
    assert state.connections["train"]["data"].status == "declared"
    assert state.predecessors["train"] == ("clean", "load")
    assert when.session.node("train").spec.input_paths == {}


def test_a_path_that_a_node_below_writes_is_no_connection():
    """Only what comes before can feed."""
    nodes = {
        "clean": declared(inputs={"raw": "workspace:all"}),
        "train": declared(outputs={"model": "workspace:all"}, job_args={"n": 1}),
    }
    state = given().after(start(pipeline(EDGE, **nodes), {"clean": CLEAN, "train": TRAIN})).state
    assert state.connections.get("clean", {}) == {}
    assert state.nodes["clean"].spec.input_paths == {"raw": "workspace:all"}


def test_a_name_that_is_open_is_asked_for():
    """Two predecessors offer it, so nobody is taken silently."""
    other = node_facts(need("data", "output"), script=script_info("other"))
    train = declared(job_args={"n": 1})
    declared_all = pipeline(EDGE, ("other", "train"), train=train)
    facts = {"clean": CLEAN, "other": other, "train": TRAIN}
    event = given().when(start(declared_all, facts)).events[-1]
    assert [(p.code, p.candidates) for p in event.needs] == [
        ("CONNECTION_AMBIGUOUS", ("clean.data", "other.data"))
    ]


def test_two_nodes_that_declare_one_output_path_are_both_told():
    """A clear error for each, naming the other."""
    nodes = {
        name: declared(outputs={"data": "workspace:o"}, job_args={"n": 1})
        for name in ("clean", "train")
    }
    when = given().when(start(pipeline(**nodes), {"clean": CLEAN, "train": CLEAN}))
    clean, train = when.events[-2:]
    assert [problem.code for problem in clean.needs] == ["OUTPUT_CLASH"]
    assert "output data of node clean" in train.needs[0].message


def test_a_declared_secret_in_plain_is_not_accepted():
    """What was masked before the command leaves the node pending."""
    nodes = {"clean": declared(environ_vars={"KEY": "[masked]"})}
    event = given().when(start(pipeline(**nodes), {"clean": CLEAN})).events[-1]
    assert [problem.code for problem in event.needs] == ["SECRET_IN_PLAIN"]


def test_a_declared_input_that_is_missing_is_told():
    """The path stays in the draft."""
    nodes = {"clean": declared(inputs={"raw": "pipeline:raw.csv"})}
    facts = node_facts(need("raw"), paths=[nothing_at("pipeline:raw.csv")])
    event = given().when(start(pipeline(**nodes), {"clean": facts})).events[-1]
    assert event.needs[0].message == "Input file does not exist: raw.csv"
    assert event.draft.input_paths == {"raw": "pipeline:raw.csv"}


def test_an_input_declared_under_an_alias_is_answered():
    """What lies there by convention does not come beside it."""
    nodes = {"clean": declared(inputs={"RAW": "workspace:mine"})}
    facts = node_facts(need("raw", aliases=("RAW",)), found={"raw": RAW.path})
    event = given().when(start(pipeline(**nodes), {"clean": facts})).events[-1]
    assert event.spec.input_paths == {"RAW": "workspace:mine"}


def test_two_nodes_over_one_script_are_two_nodes():
    """Each has its own lifecycle."""
    nodes = {"a": declared(job_args={"n": 1}), "b": None}
    session = given().after(
        start(pipeline(**nodes), {name: node_facts(need("n", "job_arg")) for name in "ab"})
    )
    assert session.node("a").state is Lifecycle.AUTO_CONFIGURED
    assert session.node("b").state is Lifecycle.PENDING
    assert session.node("a").script == session.node("b").script


def test_a_session_begins_once():
    """A second start is refused."""
    command = start(pipeline(clean=None), {})
    given().after(command).when(command).refused_with(
        CommandRefusedError, "'quiet-heron' has begun already"
    )


def test_a_cycle_is_refused_by_name():
    """Also one that a declared connection closes."""
    clean = declared(inputs={"raw": Output("train", "model")})
    given().when(start(pipeline(EDGE, clean=clean), {})).refused_with(
        PipelineCycleError, "clean → train → clean"
    )


@pytest.mark.parametrize("node", ["clean", "train"])
def test_no_node_stays_discovered(node):
    """Everything is settled in the command that discovers it."""
    session = given().after(start(pipeline(EDGE), {"clean": CLEAN, "train": TRAIN}))
    assert session.node(node).state is not Lifecycle.DISCOVERED
