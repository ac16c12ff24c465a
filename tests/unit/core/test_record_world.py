"""Taking note of what is there now."""

from tests.support.builders import (
    configure,
    file_at,
    need,
    node_facts,
    nothing_at,
    pipeline,
    script_info,
    start,
    start_run,
)
from tests.support.dsl import given

from runthrough.core.commands import CloseSession, RecordWorld
from runthrough.core.events import (
    ConfigurationRestored,
    RequirementsRead,
    ScriptMarkedPending,
    WorldChanged,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts, WorldChange
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.specs import ScriptSpec

RAW = "workspace:raw.csv"
NEEDS = (need("raw"), need("data", "output"))
THERE = node_facts(*NEEDS, paths=[file_at(RAW)])
GONE = node_facts(*NEEDS, paths=[nothing_at(RAW)])
DECLARED = pipeline(clean=NodeDeclaration(inputs={"raw": RAW}))
AUTO = given().after(start(DECLARED, {"clean": THERE}))
MANUAL = AUTO.after(configure("clean", THERE, input_paths={"raw": RAW}))
NO_SCRIPT = given().after(start(pipeline(clean=None), {}))


def seen(facts, node="clean"):
    return RecordWorld(facts={node: facts})


def test_nothing_is_told_where_all_is_as_it_was():
    """Looking at an unchanged world leaves no event."""
    AUTO.when(seen(THERE)).then()


def test_a_missing_input_demotes():
    """The change is told, and the configuration becomes the draft."""
    when = AUTO.when(seen(GONE))
    _, pending = when.events
    when.then(
        WorldChanged(
            node="clean",
            changes=(
                WorldChange(
                    name="input raw", old="held", new="Input file does not exist: raw.csv"
                ),
            ),
        ),
        ScriptMarkedPending(
            node="clean", needs=pending.needs, draft=ScriptSpec(input_paths={"raw": RAW})
        ),
    )
    assert [problem.code for problem in pending.needs] == ["INPUT_NOT_FOUND"]


def test_what_is_still_missing_is_not_told_again():
    """A second look at the same gap leaves no event."""
    AUTO.after(seen(GONE)).when(seen(GONE)).then()


def test_another_gap_is_told():
    """The needs are those of now."""
    empty = node_facts(*NEEDS, paths=[file_at(RAW, empty=True)])
    (event,) = AUTO.after(seen(GONE)).when(seen(empty)).events
    assert [problem.code for problem in event.needs] == ["INPUT_EMPTY"]


def test_what_is_back_restores_an_automatic_configuration():
    """Nobody needs to do anything."""
    when = AUTO.after(seen(GONE)).when(seen(THERE))
    when.then(ConfigurationRestored(node="clean", spec=ScriptSpec(input_paths={"raw": RAW})))
    assert when.session.node("clean").state is Lifecycle.AUTO_CONFIGURED


def test_what_is_back_restores_a_persons_configuration():
    """It is theirs as before."""
    node = MANUAL.after(seen(GONE), seen(THERE)).node("clean")
    assert (node.state, node.configured_by) == (Lifecycle.CONFIGURED, "person")


def test_a_script_that_is_gone_demotes_and_its_return_restores():
    """The script is missing like an input can be."""
    gone = THERE.model_copy(update={"script": None})
    demoted = AUTO.after(seen(gone))
    assert [problem.code for problem in demoted.node("clean").needs] == ["SCRIPT_NOT_FOUND"]
    assert demoted.after(seen(THERE)).node("clean").state is Lifecycle.AUTO_CONFIGURED


def test_a_script_found_later_is_discovered_and_configured():
    """What could be found without a person is."""
    found = THERE.model_copy(update={"found": {"raw": RAW}})
    when = NO_SCRIPT.when(seen(found))
    assert when.names == ["NodeDiscovered", "RequirementsRead", "ScriptAutoConfigured"]
    assert when.session.node("clean").spec.input_paths == {"raw": RAW}


def test_a_script_found_later_may_need_a_person():
    """The node is pending for what the script asks, not for the script."""
    when = NO_SCRIPT.when(seen(THERE))
    assert when.names == ["NodeDiscovered", "RequirementsRead", "ScriptMarkedPending"]
    assert [problem.code for problem in when.events[-1].needs] == ["INPUT_MISSING"]


def test_a_script_that_is_still_missing_is_not_told_again():
    """Nothing changed."""
    NO_SCRIPT.when(seen(NodeFacts())).then()


def test_a_script_found_later_takes_the_answers_that_waited():
    """They are a person's, so the configuration is."""
    answered = NO_SCRIPT.after(
        configure("clean", NodeFacts(), input_paths={"raw": RAW}, partial=True)
    )
    when = answered.when(seen(THERE))
    assert when.names == ["NodeDiscovered", "RequirementsRead", "ScriptConfigured"]
    more = node_facts(*NEEDS, need("n", "job_arg"), paths=[file_at(RAW)])
    waiting = answered.after(seen(more))
    assert waiting.node("clean").draft.input_paths == {"raw": RAW}
    assert waiting.after(seen(THERE)).node("clean").configured_by == "person"


def test_a_script_that_asks_for_more_demotes():
    """Its needs are read again, and one of them is missing."""
    more = node_facts(*NEEDS, need("n", "job_arg"), paths=[file_at(RAW)], reread="script")
    when = AUTO.when(seen(more))
    assert when.names == ["RequirementsRead", "WorldChanged", "ScriptMarkedPending"]
    assert when.session.node("clean").state is Lifecycle.PENDING


def test_a_script_that_asks_for_nothing_new_is_only_read():
    """Reading changes no state."""
    again = THERE.model_copy(update={"reread": "script"})
    AUTO.when(seen(again)).then(
        RequirementsRead(node="clean", requirements=THERE.requirements, because="script")
    )


def test_a_pending_node_whose_script_was_read_again_is_not_told_the_same_twice():
    """That it needs what it needed is known already."""
    again = GONE.model_copy(update={"reread": "script"})
    assert AUTO.after(seen(GONE)).when(seen(again)).names == ["RequirementsRead"]


OFFER = node_facts(need("data", "output"))
WANTS = node_facts(need("data"), script=script_info("train"))
NOTHING = node_facts(script=script_info("train"))
EDGE = pipeline(("clean", "train"))


def both(train):
    return RecordWorld(facts={"clean": OFFER, "train": train})


def test_a_new_need_that_can_be_wired_asks_nobody():
    """The node is wired by the equal name before anything is said to be missing."""
    session = given().after(start(EDGE, {"clean": OFFER, "train": NOTHING}))
    edited = WANTS.model_copy(update={"reread": "script"})
    when = session.when(both(edited))
    assert when.names == ["RequirementsRead", "ConnectionAccepted"]
    assert when.session.node("train").state is Lifecycle.AUTO_CONFIGURED
    assert when.session.when(both(WANTS)).names == []


def test_what_cannot_be_wired_is_still_asked_for():
    """Only the rest is."""
    session = given().after(start(EDGE, {"clean": OFFER, "train": NOTHING}))
    needs = ScriptRequirements(needs=(need("data"), need("n", "job_arg")))
    edited = WANTS.model_copy(update={"requirements": needs})
    events = session.when(both(edited)).events
    assert [event.type for event in events] == [
        "ConnectionAccepted",
        "WorldChanged",
        "ScriptMarkedPending",
    ]
    assert [problem.code for problem in events[-1].needs] == ["ARG_MISSING"]


def test_an_offer_that_comes_later_is_taken():
    """A pending input is wired as soon as its producer is read."""
    mute = node_facts()
    session = given().after(start(EDGE, {"clean": mute, "train": WANTS}))
    when = session.when(both(WANTS))
    assert when.names == ["ConnectionAccepted", "ScriptAutoConfigured"]


def test_a_persons_path_is_not_taken_for_a_declared_connection():
    """What the person replaced does not come back when their path is gone."""
    train = NodeDeclaration(inputs={"data": Output("clean", "data")})
    session = given().after(
        start(pipeline(("clean", "train"), train=train), {"clean": OFFER, "train": WANTS}),
        configure("train", WANTS, input_paths={"data": "workspace:mine"}),
    )
    gone = node_facts(
        need("data"), script=script_info("train"), paths=[nothing_at("workspace:mine")]
    )
    demoted = session.after(both(gone))
    assert demoted.node("train").state is Lifecycle.PENDING
    assert demoted.node("train").draft.input_paths == {"data": "workspace:mine"}
    assert demoted.state.connections["train"] == {}
    back = demoted.after(both(WANTS))
    assert back.node("train").spec.input_paths == {"data": "workspace:mine"}


def test_external_and_unknown_nodes_are_passed_over():
    """There is nothing to be said of them."""
    outside = NodeDeclaration(external=True)
    session = given().after(start(pipeline(outside=outside), {}))
    session.when(RecordWorld(facts={"outside": GONE, "nobody": GONE})).then()


def test_nodes_of_a_run_are_left_alone():
    """Its outcomes will speak; others are looked at."""
    session = given().after(
        start(
            pipeline(clean=DECLARED.nodes["clean"], other=DECLARED.nodes["clean"]),
            {"clean": THERE, "other": THERE},
        ),
        start_run("clean"),
    )
    when = session.when(RecordWorld(facts={"clean": GONE, "other": GONE}))
    assert {event.node for event in when.events} == {"other"}


def test_a_closed_session_is_only_looked_at():
    """Resuming it shows; it does not demote."""
    AUTO.after(CloseSession()).when(seen(GONE)).then()


EDITED = WorldChange(name="script", old="d1", new="d2")


def test_what_changed_is_recorded_and_decides_nothing():
    """A changed input or script alone never changes a state."""
    changed = THERE.model_copy(update={"changes": (EDITED,)})
    when = AUTO.when(seen(changed))
    when.then(WorldChanged(node="clean", changes=(EDITED,)))
    assert when.session.node("clean").state is Lifecycle.AUTO_CONFIGURED


def test_what_changed_is_told_before_what_follows_from_it():
    """First the edit, then the needs that were read of it, then what is missing for them."""
    more = node_facts(
        *NEEDS, need("n", "job_arg"), paths=[file_at(RAW)], reread="script", changes=(EDITED,)
    )
    when = AUTO.when(seen(more))
    assert when.names == [
        "WorldChanged",
        "RequirementsRead",
        "WorldChanged",
        "ScriptMarkedPending",
    ]
    told = [event.changes for event in when.events if isinstance(event, WorldChanged)]
    assert [[change.part for change in changes] for changes in told] == [["script"], ["missing"]]


def test_what_is_back_may_have_changed():
    """Both is told: that the content is another one, and that the node is restored."""
    changed = THERE.model_copy(update={"changes": (EDITED,)})
    when = AUTO.after(seen(GONE)).when(seen(changed))
    assert when.names == ["WorldChanged", "ConfigurationRestored"]


def test_a_command_on_a_node_records_what_changed_at_it():
    """Whoever configures a node has looked at it."""
    changed = THERE.model_copy(update={"changes": (EDITED,)})
    when = AUTO.when(configure("clean", changed, input_paths={"raw": RAW}))
    assert when.names == ["WorldChanged", "ScriptConfigured"]


def test_changes_at_nodes_of_a_run_are_left_to_it():
    """Its outcomes will speak."""
    running = AUTO.after(start_run("clean"))
    running.when(seen(THERE.model_copy(update={"changes": (EDITED,)}))).then()


AWAY = node_facts(*NEEDS, checked_here=False)


def test_what_is_missing_at_home_is_not_back_because_nobody_looked():
    """A command on another machine restores nothing that only a look could find."""
    session = given().after(
        start(
            pipeline(("above", "clean"), clean=DECLARED.nodes["clean"]),
            {"above": node_facts(script=script_info("above")), "clean": THERE},
        ),
        seen(GONE),
    )
    above = node_facts(script=script_info("above"), checked_here=False)
    world = {"above": above, "clean": AWAY}
    when = session.when(configure("above", world=world, environ_vars={"A": "1"}))
    assert when.names == ["ScriptConfigured"]
    assert when.session.node("clean").state is Lifecycle.PENDING


def test_a_gap_that_needs_no_file_is_filled_from_anywhere():
    """What is missing at home stays missing; what a person answers is answered."""
    more = (*NEEDS, need("n", "job_arg"))
    gone = node_facts(*more, paths=[nothing_at(RAW)], reread="script")
    away = node_facts(*more, checked_here=False)
    demoted = AUTO.after(seen(gone))
    assert [n.code for n in demoted.node("clean").needs] == ["INPUT_NOT_FOUND", "ARG_MISSING"]
    when = demoted.when(
        configure("clean", away, input_paths={"raw": "workspace:b.csv"}, job_args={"n": 1})
    )
    assert when.names == ["ScriptConfigured"]


def test_a_look_elsewhere_asks_for_the_same_as_the_look_at_home():
    """What only files decide stays as it was told, in its order; nothing is recorded twice."""
    more = (*NEEDS, need("n", "job_arg"))
    gone = node_facts(*more, paths=[nothing_at(RAW)], reread="script")
    away = node_facts(*more, checked_here=False)
    AUTO.after(seen(gone)).when(seen(away)).then()
