"""A person's answers."""

import pytest
from tests.support.builders import (
    claim_attempt,
    configure,
    file_at,
    finish,
    need,
    node_facts,
    nothing_at,
    pipeline,
    script_info,
    start,
    start_run,
    written,
)
from tests.support.dsl import given

from runthrough.core.commands import CloseSession, ReopenSession
from runthrough.core.decide import Conflict, conflicting
from runthrough.core.decide.configuring import merged
from runthrough.core.events import (
    ConfigurationDrafted,
    ConfigurationRejected,
    ConnectionConfirmed,
    ConnectionRemoved,
    NodeDiscovered,
    RequirementsRead,
    ScriptConfigured,
    ScriptMarkedPending,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.secrets import MASK
from runthrough.core.values.specs import ScriptSpec
from runthrough.errors import (
    CommandRefusedError,
    NotClosedError,
    RunInProgressError,
    SessionClosedError,
    UnknownNodeError,
)

THERE = file_at("workspace:raw.csv")
GONE = nothing_at("workspace:gone.csv")
CLEAN = node_facts(
    need("raw", aliases=("RAW",)),
    need("data", "output"),
    need("n", "job_arg"),
    need("MODE", "environ_var", "optional", aliases=("mode",)),
    paths=[THERE, GONE],
)
TRAIN = node_facts(need("data"), need("extra", level="optional"), script=script_info("train"))
OTHER = node_facts(need("report", "output"), script=script_info("other"))
WORLD = {"clean": CLEAN, "train": TRAIN, "other": OTHER}
DECLARED = pipeline(("clean", "train"), clean=None, train=None, other=None)
SESSION = given().after(start(DECLARED, WORLD))
RIGHT = {"input_paths": {"raw": THERE.path}, "job_args": {"n": 1}}
CONFIGURED = SESSION.after(configure("clean", CLEAN, **RIGHT))


def codes(event):
    return [problem.code for problem in getattr(event, "problems", None) or event.needs]


def test_the_stage_is_set():
    """One node waits for a person, one was wired by its name, one needs nothing."""
    assert [SESSION.node(name).state for name in WORLD] == [
        Lifecycle.PENDING,
        Lifecycle.AUTO_CONFIGURED,
        Lifecycle.AUTO_CONFIGURED,
    ]


def test_a_whole_answer_is_accepted():
    """The event holds the configuration and what it stands on."""
    event = SESSION.when(configure("clean", CLEAN, user_notes="hi", **RIGHT)).events[0]
    assert event == ScriptConfigured(
        node="clean",
        spec=ScriptSpec(user_notes="hi", **RIGHT),
        evidence=event.evidence,
    )
    assert [(e.kind, e.name, e.source, e.digest) for e in event.evidence] == [
        ("input", "raw", "person", THERE.digest),
        ("job_arg", "n", "person", None),
    ]


def test_a_missing_need_rejects_the_whole():
    """Nothing of it is kept, and every problem is told."""
    when = SESSION.when(configure("clean", CLEAN, input_paths={"raw": GONE.path}))
    (event,) = when.events
    assert isinstance(event, ConfigurationRejected)
    assert codes(event) == ["INPUT_NOT_FOUND", "ARG_MISSING"]
    assert event.spec.input_paths == {"raw": GONE.path}
    assert when.session.node("clean").draft == SESSION.node("clean").draft


def test_a_partial_answer_is_kept():
    """The node stays pending and asks for the rest."""
    when = SESSION.when(configure("clean", CLEAN, job_args={"n": 1}, partial=True))
    (event,) = when.events
    assert event == ConfigurationDrafted(
        node="clean", draft=ScriptSpec(job_args={"n": 1}), needs=event.needs
    )
    assert codes(event) == ["INPUT_MISSING"]


def test_a_partial_answer_that_completes_a_draft_configures():
    """Answers given in two steps are one configuration."""
    first = configure("clean", CLEAN, job_args={"n": 1}, partial=True)
    second = configure("clean", CLEAN, input_paths={"raw": THERE.path}, partial=True)
    node = SESSION.after(first, second).node("clean")
    assert (node.state, node.spec) == (Lifecycle.CONFIGURED, ScriptSpec(**RIGHT))


def test_of_a_partial_answer_the_bad_values_are_rejected():
    """The good ones are kept, the bad ones told."""
    answers = {"input_paths": {"raw": GONE.path}, "job_args": {"n": 1}, "partial": True}
    rejected, drafted = SESSION.when(configure("clean", CLEAN, **answers)).events
    assert codes(rejected) == ["INPUT_NOT_FOUND"]
    assert drafted.draft == ScriptSpec(job_args={"n": 1})
    assert codes(drafted) == ["INPUT_MISSING"]


def test_a_partial_answer_without_a_good_value_changes_nothing():
    """A node is not a person's because of what was rejected."""
    answers = {"input_paths": {"raw": GONE.path}, "partial": True}
    assert SESSION.when(configure("clean", CLEAN, **answers)).names == ["ConfigurationRejected"]
    wrong = configure("train", TRAIN, input_paths={"extra": Output("x", "y")}, partial=True)
    assert SESSION.when(wrong).names == ["ConfigurationRejected"]


def test_the_good_part_of_an_answer_configures_when_nothing_is_missing():
    """The rest is told as rejected."""
    answers = {"environ_vars": {"MODE": 3}, "timeout_s": 5, "partial": True}
    when = CONFIGURED.when(configure("clean", CLEAN, **answers))
    assert when.names == ["ConfigurationRejected", "ScriptConfigured"]
    assert when.session.node("clean").spec == ScriptSpec(timeout_s=5, **RIGHT)


def test_a_wrong_connection_is_left_out_of_a_partial_answer():
    """What is kept is not wired to it."""
    answers = {
        "input_paths": {"raw": Output("clean", "data")},
        "user_notes": "kept",
        "partial": True,
    }
    rejected, drafted = SESSION.when(configure("clean", CLEAN, **answers)).events
    assert codes(rejected) == ["CONNECTION_CYCLE"]
    assert drafted.draft.user_notes == "kept"


def test_a_partial_answer_to_a_configured_node_can_make_it_pending():
    """What stood is kept as well as what the person says now."""
    answers = {"job_args": {}, "replace": True, "partial": True}
    when = CONFIGURED.when(configure("clean", CLEAN, **answers))
    pending, drafted = when.events
    assert pending == ScriptMarkedPending(
        node="clean", needs=drafted.needs, draft=ScriptSpec(**RIGHT)
    )
    assert codes(drafted) == ["ARG_MISSING"]
    assert when.session.node("clean").draft == drafted.draft
    assert when.session.node("clean").restores_to == "person"


def test_answers_are_merged_over_what_is_there():
    """What is not named stays."""
    node = CONFIGURED.after(
        configure("clean", CLEAN, environ_vars={"MODE": "x"}, timeout_s=9, python="py")
    ).node("clean")
    assert node.spec == ScriptSpec(environ_vars={"MODE": "x"}, timeout_s=9, python="py", **RIGHT)


def test_replacing_answers_stand_for_what_is_there():
    """Mapping by mapping; what is not given stays."""
    command = configure(
        "clean", CLEAN, environ_vars={"MODE": "x"}, job_args={"n": 2}, replace=True
    )
    first = CONFIGURED.after(configure("clean", CLEAN, environ_vars={"A": "b"}))
    spec = first.after(command).node("clean").spec
    assert spec == ScriptSpec(
        input_paths=RIGHT["input_paths"], environ_vars={"MODE": "x"}, job_args={"n": 2}
    )


def test_an_answer_under_another_name_takes_the_place_of_the_first():
    """One need has one answer, whichever of its names is used."""
    answers = {"input_paths": {"RAW": THERE.path}, "environ_vars": {"mode": "y"}}
    first = CONFIGURED.after(configure("clean", CLEAN, environ_vars={"MODE": "x"}))
    spec = first.after(configure("clean", CLEAN, **answers)).node("clean").spec
    assert spec.input_paths == {"raw": THERE.path}
    assert spec.environ_vars == {"MODE": "y"}


def test_answers_can_be_merged_without_knowing_the_needs():
    """Then only equal names meet."""
    command = configure("clean", job_args={"m": 2})
    assert merged(command, ScriptSpec(job_args={"n": 1})).job_args == {"n": 1, "m": 2}


def test_a_connection_is_named():
    """A person's connection is confirmed, and the configuration holds no path for it."""
    report = Output("other", "report")
    command = configure("train", world=WORLD, input_paths={"extra": report})
    confirmed, configured = SESSION.when(command).events
    assert confirmed == ConnectionConfirmed(
        node="train",
        input="extra",
        from_node="other",
        output="report",
        reason="named by a person",
    )
    assert configured.spec.input_paths == {}
    assert [(e.name, e.connection) for e in configured.evidence] == [
        ("data", "clean.data"),
        ("extra", "other.report"),
    ]


def test_a_new_connection_brings_its_edge_and_keeps_the_order():
    """The producer comes before the consumer from now on."""
    answers = {"input_paths": {"extra": Output("other", "report")}}
    state = SESSION.after(configure("train", world=WORLD, **answers)).state
    assert list(state.nodes) == ["clean", "other", "train"]
    assert state.predecessors["train"] == ("clean", "other")


def test_a_connection_that_would_be_a_cycle_is_a_problem():
    """Nothing is refused with a stack trace; the person is told."""
    answers = {"input_paths": {"raw": Output("train", "model")}, "job_args": {"n": 1}}
    (event,) = SESSION.when(configure("clean", world=WORLD, **answers)).events
    assert codes(event) == ["CONNECTION_CYCLE"]


def test_a_connection_from_an_unknown_node_is_a_problem():
    """The nearest name is proposed."""
    answers = {"input_paths": {"extra": Output("othr", "report")}}
    (event,) = SESSION.when(configure("train", world=WORLD, **answers)).events
    assert codes(event) == ["CONNECTION_UNKNOWN"]
    assert event.problems[0].candidates == ("other",)


def test_a_path_that_an_upstream_node_writes_becomes_a_connection():
    """Also a path inside it."""
    wired = CONFIGURED.after(configure("clean", CLEAN, output_paths={"data": "workspace:o"}))
    answers = {"input_paths": {"extra": "workspace:o/train"}}
    confirmed, configured = wired.when(configure("train", world=WORLD, **answers)).events
    assert (confirmed.from_node, confirmed.output, confirmed.subpath) == ("clean", "data", "train")
    assert confirmed.reason == "the path is clean.data/train"
    assert configured.spec.input_paths == {}


def test_a_path_that_the_last_passed_attempt_wrote_is_a_connection():
    """Where an output lies is known from the attempt when nobody gave it a path."""
    claim = claim_attempt("clean")
    end = finish("clean", outputs=(written("data", "session:o"),))
    session = CONFIGURED.after(start_run("clean"), claim, end)
    answers = {"input_paths": {"extra": "session:o"}}
    confirmed = session.when(configure("train", world=WORLD, **answers)).events[0]
    assert confirmed.reason == "the path is clean.data"


def test_a_connection_is_replaced_by_a_path():
    """The connection is removed with its reason, and the path stands in the configuration."""
    answers = {"input_paths": {"data": THERE.path}}
    removed, configured = SESSION.when(configure("train", world=WORLD, **answers)).events
    assert removed == ConnectionRemoved(
        node="train",
        input="data",
        from_node="clean",
        output="data",
        score=SESSION.state.connections["train"]["data"].score,
        reason="replaced by a path",
    )
    assert configured.spec.input_paths == {"data": THERE.path}


def test_a_connection_is_replaced_by_another():
    """One input has one source."""
    answers = {"input_paths": {"data": Output("other", "report")}}
    removed, confirmed, _ = SESSION.when(configure("train", world=WORLD, **answers)).events
    assert removed.reason == "replaced by other.report"
    assert str(confirmed.from_node) == "other"


def test_naming_the_same_connection_again_confirms_it_once():
    """What a person confirmed already is not told again."""
    command = configure("train", world=WORLD, input_paths={"data": Output("clean", "data")})
    when = SESSION.when(command)
    assert when.names == ["ConnectionRemoved", "ConnectionConfirmed", "ScriptConfigured"]
    assert when.session.when(command).names == ["ScriptConfigured"]


def test_replaced_inputs_leave_out_their_connections():
    """What is not named again is gone, so a required input is missing."""
    optional = node_facts(need("data", level="optional"), script=script_info("train"))
    answers = {"input_paths": {}, "replace": True}
    removed, configured = SESSION.when(configure("train", optional, **answers)).events
    assert removed.reason == "left out"
    assert configured.spec == ScriptSpec()
    (event,) = SESSION.when(configure("train", TRAIN, **answers)).events
    assert codes(event) == ["INPUT_MISSING"]


def test_two_nodes_may_not_write_one_path():
    """The other node is named."""
    session = CONFIGURED.after(configure("clean", CLEAN, output_paths={"data": "abs:/o"}))
    answers = {"output_paths": {"report": "abs:/o"}}
    (event,) = session.when(configure("other", OTHER, **answers)).events
    assert codes(event) == ["OUTPUT_CLASH"]


def test_one_script_on_two_nodes_is_configured_apart():
    """Nodes are the unit."""
    facts = {name: node_facts(need("n", "job_arg")) for name in ("a", "b")}
    session = given().after(
        start(pipeline(a=None, b=None), facts),
        configure("a", facts["a"], job_args={"n": 1}),
        configure("b", facts["b"], job_args={"n": 2}),
    )
    assert [session.node(name).spec.job_args for name in "ab"] == [{"n": 1}, {"n": 2}]


def test_a_masked_value_is_not_accepted():
    """The rejection holds the mask and names the field."""
    answers = {**RIGHT, "environ_vars": {"MODE": MASK}}
    (event,) = SESSION.when(configure("clean", CLEAN, **answers)).events
    assert codes(event) == ["SECRET_IN_PLAIN"]


def test_what_lies_by_convention_completes_the_answer():
    """A person need not name what is found."""
    facts = CLEAN.model_copy(update={"found": {"raw": THERE.path}})
    event = SESSION.when(configure("clean", facts, job_args={"n": 1})).events[-1]
    assert event.spec.input_paths == {"raw": THERE.path}
    assert event.evidence[0].source == "found"


def test_a_script_that_was_read_again_is_told_with_the_answer():
    """Accepted or drafted, but not when the answer is rejected."""
    facts = CLEAN.model_copy(update={"reread": "arguments"})
    read = RequirementsRead(node="clean", requirements=CLEAN.requirements, because="arguments")
    assert SESSION.when(configure("clean", facts, **RIGHT)).events[0] == read
    partial = configure("clean", facts, job_args={"n": 1}, partial=True)
    assert SESSION.when(partial).events[0] == read
    assert SESSION.when(configure("clean", facts)).names == ["ConfigurationRejected"]


def test_a_script_that_was_found_meanwhile_is_discovered_with_the_answer():
    """The node that is configured has its script."""
    session = given().after(start(pipeline(clean=None), {}))
    when = session.when(configure("clean", CLEAN, **RIGHT))
    assert when.names == ["NodeDiscovered", "RequirementsRead", "ScriptConfigured"]
    assert when.session.node("clean").script.name == "clean"
    partial = session.when(configure("clean", CLEAN, job_args={"n": 1}, partial=True))
    assert isinstance(partial.events[0], NodeDiscovered)
    assert partial.session.node("clean").state is Lifecycle.PENDING


def test_answers_for_a_script_that_is_not_there_are_kept():
    """The person may answer before the script is written."""
    session = given().after(start(pipeline(clean=None), {}))
    command = configure("clean", NodeFacts(), partial=True, **RIGHT)
    assert session.after(command).node("clean").draft == ScriptSpec(**RIGHT)


def test_an_unknown_node_is_refused():
    """The nearest name is told."""
    SESSION.when(configure("claen")).refused_with(UnknownNodeError, "claen", "'clean'")


def test_an_external_node_is_not_configured():
    """It has no script."""
    outside = NodeDeclaration(external=True)
    session = given().after(start(pipeline(outside=outside), {}))
    session.when(configure("outside")).refused_with(CommandRefusedError, "outside is external")


def test_a_closed_session_takes_no_answers():
    """It can be reopened, and only then."""
    closed = CONFIGURED.after(CloseSession())
    closed.when(configure("clean", CLEAN)).refused_with(SessionClosedError, "'configure'")
    closed.when(CloseSession()).refused_with(SessionClosedError)
    again = closed.after(ReopenSession())
    again.when(ReopenSession()).refused_with(NotClosedError)
    assert again.when(configure("clean", CLEAN)).names == ["ScriptConfigured"]


def test_during_a_run_only_nodes_outside_its_plan_are_configured():
    """The run keeps what it was planned with."""
    running = CONFIGURED.after(start_run("clean"))
    running.when(configure("clean", CLEAN)).refused_with(
        RunInProgressError, "by ann", "on ann-ws", "'configure'"
    )
    assert running.when(configure("train", TRAIN)).names == ["ScriptConfigured"]
    running.when(CloseSession()).refused_with(RunInProgressError)
    running.when(ReopenSession()).refused_with(NotClosedError)


@pytest.mark.parametrize(("based_on", "conflicts"), [(None, False), ("old", True), ("new", False)])
def test_an_answer_based_on_an_old_version_is_in_conflict(based_on, conflicts):
    """A later event about the node means that the person has not seen what is there."""
    versions = {"old": SESSION.state.version, "new": CONFIGURED.state.version, None: None}
    command = configure("clean", CLEAN, based_on=versions[based_on])
    found = conflicting(command, CONFIGURED.state)
    assert (found is not None) == conflicts
    if found:
        assert found == Conflict("clean", SESSION.state.version, CONFIGURED.state.version)


def test_what_concerns_others_is_no_conflict():
    """Other nodes, unknown nodes, and commands without a base."""
    version = SESSION.state.version
    for command in (
        configure("train", based_on=version),
        configure("nobody", based_on=version),
        CloseSession(),
    ):
        assert conflicting(command, CONFIGURED.state) is None


def test_the_end_of_the_session_concerns_all():
    """Whoever did not see it closed and reopened is in conflict."""
    later = CONFIGURED.after(CloseSession(), ReopenSession()).state
    command = configure("train", based_on=CONFIGURED.state.version)
    assert conflicting(command, later).concerned_at == later.version
