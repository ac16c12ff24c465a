"""What a person says of connections: connect, confirm, reject, disconnect."""

import pytest
from tests.support.builders import (
    configure,
    file_at,
    need,
    node_facts,
    pipeline,
    script_info,
    start,
    start_run,
)
from tests.support.dsl import given

from runthrough.core.commands import (
    ConfirmConnections,
    Connect,
    Disconnect,
    RecordWorld,
    RejectConnections,
    Target,
)
from runthrough.core.decide.settling import propose
from runthrough.core.decide.surroundings import Surroundings
from runthrough.core.events import (
    ConfigurationRejected,
    ConnectionConfirmed,
    ConnectionProposed,
    ConnectionRejected,
    ConnectionRemoved,
    ScriptAutoConfigured,
    ScriptConfigured,
    ScriptMarkedPending,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.validation import problems_of
from runthrough.core.values.connections import Connection, Output
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.views.history import sentence
from runthrough.core.views.worklist import asked as told
from runthrough.errors import CommandRefusedError, RunInProgressError, UnknownNodeError

RAW = "workspace:raw.csv"
CLEAN = node_facts(
    need("raw"), need("tidy", "output"), need("odd", "output"), paths=[file_at(RAW)]
)
TRAIN = node_facts(need("zebra"), need("model", "output"), script=script_info("train"))
WORLD = {"clean": CLEAN, "train": TRAIN}
DECLARED = pipeline(
    ("clean", "train"), ("train", "after"), clean=NodeDeclaration(inputs={"raw": RAW})
)
OPEN = given().after(start(DECLARED, WORLD))
ASKED = ConnectionProposed(
    node="train",
    input="zebra",
    from_node="clean",
    output="tidy",
    score=1.25,
    margin=0.25,
    reason="file names",
)


def asked():
    """The session in which a person is asked whether `tidy` feeds `zebra`."""
    events = start_events()
    return given(*events, ASKED)


def start_events():
    return given().when(start(DECLARED, WORLD)).events


def zebra(command=ConfirmConnections, **more):
    return command(targets=(Target(node="train", input="zebra"),), facts=WORLD, **more)


def connect(source, node="train", name="zebra", **more):
    more.setdefault("facts", WORLD)
    return Connect(node=node, input=name, source=source, **more)


def test_connecting_feeds_an_input_and_settles_the_node():
    """Nothing else is missing, so the node needs nobody any more."""
    when = OPEN.when(connect(Output("clean", "odd", "part")))
    confirmed = when.events[-2]
    assert when.names[-2:] == ["ConnectionConfirmed", "ScriptAutoConfigured"]
    assert (confirmed.from_node, confirmed.output, confirmed.subpath) == ("clean", "odd", "part")
    node = when.session.node("train")
    assert (node.state, node.needs) == (Lifecycle.AUTO_CONFIGURED, ())


def test_connecting_replaces_what_fed_the_input():
    """One input has one source, and the events say which one left."""
    wired = OPEN.after(connect(Output("clean", "odd")))
    removed, confirmed = wired.when(connect(Output("clean", "tidy"))).events
    assert removed == ConnectionRemoved(
        node="train",
        input="zebra",
        from_node="clean",
        output="odd",
        reason="replaced by clean.tidy",
    )
    assert isinstance(confirmed, ConnectionConfirmed)


def test_connecting_what_is_connected_is_only_confirmed():
    """Nothing is said to leave that is the same in the end."""
    again = connect(Output("clean", "odd"))
    assert OPEN.after(again).when(again).names == ["ConnectionConfirmed"]


def test_connecting_takes_the_place_of_a_path():
    """A path that a person gave before is left out of the configuration."""
    facts = TRAIN.model_copy(update={"paths": {RAW: file_at(RAW)}})
    by_path = OPEN.after(
        configure("train", world={**WORLD, "train": facts}, input_paths={"zebra": RAW})
    )
    assert by_path.node("train").spec.input_paths == {"zebra": RAW}
    when = by_path.when(connect(Output("clean", "odd"), facts={**WORLD, "train": facts}))
    assert isinstance(when.events[-1], ScriptConfigured)
    assert when.session.node("train").spec.input_paths == {}
    assert when.session.node("train").configured_by == "person"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (Output("clean", "tidyy"), "CONNECTION_UNKNOWN"),
        (Output("nobody", "tidy"), "CONNECTION_UNKNOWN"),
        (Output("train", "model"), "CONNECTION_CYCLE"),
        (Output("after", "x"), "CONNECTION_CYCLE"),
    ],
)
def test_a_connection_that_cannot_be_is_rejected(source, code):
    """The rejection is recorded with its problem, and nothing else changes."""
    (event,) = OPEN.when(connect(source)).events
    assert isinstance(event, ConfigurationRejected)
    assert [problem.code for problem in event.problems] == [code]


def test_connecting_an_input_that_the_script_does_not_read_is_refused():
    """A slip of the finger makes no connection that nobody takes."""
    error = OPEN.when(connect(Output("clean", "tidy"), name="zebre")).refused_with(
        CommandRefusedError, "train reads no input zebre", "Did you mean 'zebra'?"
    )
    assert error.fix == "runthrough requirements train"


def test_an_alias_is_connected_under_the_scripts_own_name():
    """One need has one source, whatever it is called."""
    train = node_facts(need("zebra", aliases=("ZEBRA",)), script=script_info("train"))
    when = OPEN.when(
        connect(Output("clean", "odd"), name="ZEBRA", facts={**WORLD, "train": train})
    )
    assert [e.input for e in when.events if isinstance(e, ConnectionConfirmed)] == ["zebra"]


def test_confirming_takes_what_is_proposed():
    """The score goes with the connection, and the question is gone."""
    when = asked().when(zebra())
    confirmed = when.events[0]
    assert confirmed == ConnectionConfirmed(
        node="train",
        input="zebra",
        from_node="clean",
        output="tidy",
        score=1.25,
        reason="confirmed: file names",
    )
    assert isinstance(when.events[-1], ScriptAutoConfigured)
    assert when.session.state.proposals == {}


def test_confirming_what_was_accepted_makes_it_a_persons_word():
    """It then stays when names change, for validation to speak of."""
    world = {**WORLD, "train": node_facts(need("tidy"), script=script_info("train"))}
    accepted = given().after(start(DECLARED, world))
    assert accepted.state.connections["train"]["tidy"].status == "accepted"
    target = Target(node="train", input="tidy")
    after = accepted.after(ConfirmConnections(targets=(target,), facts=world))
    assert after.state.connections["train"]["tidy"].status == "confirmed"


def test_confirming_nothing_is_refused():
    """Where nothing is proposed there is nothing to take."""
    nothing = Target(node="train", input="nothing")
    OPEN.when(ConfirmConnections(targets=(nothing,), facts=WORLD)).refused_with(
        CommandRefusedError, "Nothing is proposed for train.nothing"
    )


def test_a_rejected_proposal_does_not_come_back():
    """Also when the node is looked at again."""
    rejected = asked().after(zebra(RejectConnections))
    assert rejected.state.proposals.get("train", {}).get("zebra") != ASKED
    again = rejected.when(RecordWorld(facts=WORLD))
    assert not [
        event
        for event in again.events
        if isinstance(event, ConnectionProposed) and event.output == "tidy"
    ]


def test_rejecting_says_which_output_does_not_feed_which_input():
    """The event names both ends."""
    event = asked().when(zebra(RejectConnections)).events[0]
    assert event == ConnectionRejected(
        node="train",
        input="zebra",
        from_node="clean",
        output="tidy",
        score=1.25,
        reason="rejected",
    )


def test_rejecting_what_was_accepted_opens_the_input_again():
    """The connection goes, and the wiring does not bring it back."""
    world = {**WORLD, "train": node_facts(need("tidy"), script=script_info("train"))}
    target = Target(node="train", input="tidy")
    when = (
        given()
        .after(start(DECLARED, world))
        .when(RejectConnections(targets=(target,), facts=world))
    )
    assert when.names[:2] == ["ConnectionRemoved", "ConnectionRejected"]
    assert "tidy" not in when.session.state.connections.get("train", {})
    assert isinstance(when.events[-1], ScriptMarkedPending)


def test_a_disconnected_input_stays_open():
    """It is asked for again, and neither looking nor wiring closes it."""
    wired = OPEN.after(connect(Output("clean", "odd")))
    opened = wired.after(zebra(Disconnect))
    assert opened.node("train").state is Lifecycle.PENDING
    again = opened.after(RecordWorld(facts=WORLD))
    assert "zebra" not in again.state.connections.get("train", {})


def test_a_declared_connection_can_be_taken_away_and_made_again():
    """The pipeline's word is a default, a person's word wins."""
    declared = pipeline(
        ("clean", "train"),
        clean=NodeDeclaration(inputs={"raw": RAW}),
        train=NodeDeclaration(inputs={"zebra": Output("clean", "odd")}),
    )
    session = given().after(start(declared, WORLD))
    assert session.state.connections["train"]["zebra"].status == "declared"
    opened = session.after(zebra(Disconnect), RecordWorld(facts=WORLD))
    assert "zebra" not in opened.state.connections.get("train", {})
    made = opened.after(connect(Output("clean", "odd")))
    assert made.state.connections["train"]["zebra"].source == Output("clean", "odd")
    assert made.state.rejected.get("train", ()) == ()


def test_disconnecting_what_nothing_feeds_is_refused():
    """There is nothing to take away."""
    OPEN.when(zebra(Disconnect)).refused_with(CommandRefusedError, "No output feeds train.zebra")


def test_a_connection_brings_its_edge_and_takes_it_along():
    """An edge that only a connection brought goes with it."""
    apart = pipeline(clean=NodeDeclaration(inputs={"raw": RAW}), train=None)
    session = given().after(start(apart, WORLD), connect(Output("clean", "odd")))
    assert session.state.predecessors["train"] == ("clean",)
    assert session.after(zebra(Disconnect)).state.predecessors["train"] == ()


@pytest.mark.parametrize("command", [ConfirmConnections, RejectConnections, Disconnect])
def test_an_unknown_node_is_refused(command):
    """The nearest name is offered."""
    target = Target(node="trian", input="zebra")
    OPEN.when(command(targets=(target,), facts=WORLD)).refused_with(UnknownNodeError, "train")


def test_nodes_of_a_run_are_left_alone():
    """While a run is at a node, nobody wires it."""
    two = pipeline(("clean", "train"), clean=NodeDeclaration(inputs={"raw": RAW}))
    wired = given().after(start(two, WORLD), connect(Output("clean", "odd")))
    busy = wired.after(start_run(facts=WORLD))
    busy.when(zebra(Disconnect)).refused_with(RunInProgressError)
    busy.when(connect(Output("clean", "tidy"))).refused_with(RunInProgressError)


def test_what_a_person_said_no_to_is_never_replaced_silently():
    """The next best is asked about, however strong its evidence, and feeds nothing yet."""
    clean = node_facts(need("table", "output"), script=script_info("clean"))
    other = node_facts(need("table", "output"), script=script_info("other"))
    train = node_facts(need("table"), script=script_info("train"))
    world = {"clean": clean, "other": other, "train": train}
    declared = pipeline(
        ("clean", "train"),
        ("other", "train"),
        train=NodeDeclaration(inputs={"table": Output("clean", "table")}),
    )
    session = given().after(start(declared, world))
    target = (Target(node="train", input="table"),)
    for command in (RejectConnections, Disconnect):
        after = session.after(command(targets=target, facts=world))
        assert after.state.connections.get("train", {}) == {}
        assert after.state.proposals["train"]["table"].source == Output("other", "table")
        assert after.node("train").state is Lifecycle.PENDING


def test_a_connection_under_another_name_is_found_by_both():
    """What the pipeline calls by an alias can be taken away under either name."""
    train = node_facts(need("zebra", aliases=("ZEBRA",)), script=script_info("train"))
    world = {**WORLD, "train": train}
    declared = pipeline(
        ("clean", "train"),
        clean=NodeDeclaration(inputs={"raw": RAW}),
        train=NodeDeclaration(inputs={"ZEBRA": Output("clean", "odd")}),
    )
    session = given().after(start(declared, world))
    assert list(session.state.connections["train"]) == ["zebra"]
    for name in ("zebra", "ZEBRA"):
        target = (Target(node="train", input=name),)
        opened = session.after(Disconnect(targets=target, facts=world))
        assert opened.state.connections.get("train", {}) == {}


def test_one_need_is_not_answered_under_two_names():
    """Nobody could say which of the answers is meant."""
    train = node_facts(need("zebra", aliases=("ZEBRA",)), script=script_info("train"))
    command = configure(
        "train", world={**WORLD, "train": train}, input_paths={"zebra": RAW, "ZEBRA": RAW}
    )
    OPEN.when(command).refused_with(CommandRefusedError, "zebra and ZEBRA are names of one need")


def test_a_slip_in_a_sub_folder_is_a_warning():
    """What the producer writes is known, so that the right folder can be named."""
    files = ("train/rows.csv", "test/rows.csv")
    clean = node_facts(need("tidy", "output", files=files), script=script_info("clean"))
    around = Surroundings(OPEN.state, {**WORLD, "clean": clean})
    for subpath, codes in (("tset", ["CONNECTION_UNKNOWN"]), ("test", []), ("test/rows.csv", [])):
        wire = Connection(
            "train", "zebra", Output("clean", "tidy", subpath), "confirmed", None, ""
        )
        made = propose(around, "train", ScriptSpec(), {"zebra": wire})
        found = [p for p in problems_of(made) if p.where.name == "zebra"]
        assert [(p.code, p.severity) for p in found] == [(code, "warning") for code in codes]
        assert [p.fix for p in found] == ["runthrough connect clean.tidy/test train.zebra"] * len(
            codes
        )


FOLDERS = ASKED.model_copy(update={"subpath": "a", "subpath_choices": ("a", "b")})
ZEBRA = (Target(node="train", input="zebra"),)


def test_nobody_confirms_a_sub_folder_that_is_open():
    """Not even by the input's name: the choices are told, each with its command."""
    when = given(*start_events(), FOLDERS).when(ConfirmConnections(targets=ZEBRA, facts=WORLD))
    with pytest.raises(CommandRefusedError) as refused:
        _ = when.events
    assert refused.value.message == (
        "Which sub-folder of clean.tidy feeds train.zebra is open: a or b."
    )
    assert refused.value.fix == (
        "runthrough connect clean.tidy/a train.zebra, or runthrough connect clean.tidy/b "
        "train.zebra"
    )


def test_a_rejection_is_told_of_the_whole_output():
    """Of an output no part is proposed again, so the sentence names no sub-folder alone."""
    (event, *_) = (
        given(*start_events(), FOLDERS).when(RejectConnections(targets=ZEBRA, facts=WORLD)).events
    )
    assert sentence(event) == (
        "train.zebra is not fed by clean.tidy, nor by any sub-folder of it: rejected"
    )


@pytest.mark.parametrize(
    ("changed", "next_command"),
    [
        ({}, "runthrough confirm train.zebra"),
        ({"subpath": "a", "subpath_choices": ("a",)}, "runthrough confirm train.zebra"),
        (
            {"subpath": "b", "subpath_choices": ("b", "a")},
            "runthrough connect clean.tidy/b train.zebra",
        ),
        ({"score": 0.0}, "runthrough confirm train.zebra"),
        (
            {"score": 0.0, "runner_up": Output("clean", "odd")},
            "runthrough configure train --input zebra=PATH",
        ),
    ],
)
def test_the_next_command_leads_to_no_answer_that_nobody_gave(changed, next_command):
    """Only what is settled, and either spoken for or the only one, is advised to be confirmed."""
    session = given(*start_events(), ASKED.model_copy(update=changed))
    assert told(session.state, "train")[1] == next_command


def test_after_a_rejection_what_only_the_edge_speaks_for_is_not_advised():
    """Who said no to one output is asked, and led to none."""
    session = OPEN.after(RejectConnections(targets=ZEBRA, facts=WORLD))
    (left,) = session.state.proposals["train"].values()
    assert (left.score, left.runner_up) == (0.0, None)
    text, command = told(session.state, "train")
    assert f"zebra ← {left.source}?" in text
    assert command == "runthrough configure train --input zebra=PATH"
