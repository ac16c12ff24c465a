"""What a node is: bound to a script, external, internal again, cleared."""

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
    BindScript,
    ClearConfiguration,
    Connect,
    MarkExternal,
    MarkInternal,
    RecordWorld,
)
from runthrough.core.events import (
    ConfigurationCleared,
    ConnectionRemoved,
    NodeMarkedExternal,
    ScriptBound,
    ScriptConfigured,
    ScriptMarkedPending,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.errors import CommandRefusedError, RunInProgressError

RAW, TIDY = "workspace:raw.csv", "workspace:tidy.csv"
CLEAN = node_facts(need("raw"), need("tidy", "output"), paths=[file_at(RAW)])
TRAIN = node_facts(
    need("tidy"), need("model", "output"), script=script_info("train"), paths=[file_at(TIDY)]
)
WORLD = {"clean": CLEAN, "train": TRAIN}
DECLARED = pipeline(
    ("clean", "train"), clean=NodeDeclaration(inputs={"raw": RAW}, outputs={"tidy": TIDY})
)
READY = given().after(start(DECLARED, WORLD))
OTHER = script_info("other")
BOUND = node_facts(need("raw"), need("neat", "output"), script=OTHER, paths=[file_at(RAW)])


def bind(facts=BOUND, **more):
    return BindScript(node="clean", path=OTHER.path, facts={**WORLD, "clean": facts}, **more)


def external(node="clean", **outputs):
    return MarkExternal(node=node, outputs=outputs, facts=WORLD)


def clear(node="clean"):
    return ClearConfiguration(node=node, facts=WORLD)


def test_binding_takes_the_script_and_decides_node_and_consumers():
    """The consumer loses an output that the new script does not write."""
    when = READY.when(bind())
    assert when.events[0] == ScriptBound(node="clean", script=OTHER)
    assert when.names[:4] == [
        "ScriptBound",
        "RequirementsRead",
        "ScriptAutoConfigured",
        "ConnectionRemoved",
    ]
    session = when.session
    assert session.node("clean").script.name == "other"
    assert session.node("clean").state is Lifecycle.AUTO_CONFIGURED
    assert session.node("train").state is Lifecycle.PENDING


def test_binding_keeps_what_a_person_configured():
    """What holds for the new script is theirs as before."""
    mine = READY.after(configure("clean", world=WORLD, job_args={}, user_notes="mine"))
    when = mine.when(bind())
    assert isinstance(when.events[2], ScriptConfigured)
    node = when.session.node("clean")
    assert (node.configured_by, node.spec.user_notes) == ("person", "mine")


def test_binding_a_script_that_lacks_something_makes_it_a_draft():
    """The values stay while what the new script needs is asked for."""
    more = node_facts(need("raw"), need("extra"), script=OTHER, paths=[file_at(RAW)])
    node = READY.after(bind(more)).node("clean")
    assert node.state is Lifecycle.PENDING
    assert node.draft.input_paths == {"raw": RAW}


def test_binding_what_is_not_there_is_refused():
    """The error says what to type."""
    error = READY.when(bind(NodeFacts())).refused_with(CommandRefusedError, "scripts/other.py")
    assert error.fix.startswith("runthrough bind clean PATH")


def test_an_external_node_has_no_state_and_offers_its_paths():
    """What it had a path for is what it provides."""
    when = READY.when(external())
    assert when.events[0] == NodeMarkedExternal(node="clean", outputs={"tidy": TIDY})
    session = when.session
    assert session.node("clean").state is None
    assert session.state.connections["train"]["tidy"].source == Output("clean", "tidy")


def test_an_external_node_loses_what_feeds_it_and_what_it_no_longer_declares():
    """Connections into it go, and those of outputs that it does not declare."""
    declared = pipeline(("clean", "train"), clean=NodeDeclaration(inputs={"raw": RAW}))
    when = given().after(start(declared, WORLD)).when(external(neat=TIDY))
    removed = [event for event in when.events if isinstance(event, ConnectionRemoved)]
    assert [(e.node, e.input, e.reason) for e in removed] == [
        ("train", "tidy", "clean declares no output tidy")
    ]
    into = READY.when(external("train"))
    assert [e.reason for e in into.events if isinstance(e, ConnectionRemoved)] == [
        "train is external now"
    ]
    assert into.session.state.connections.get("train", {}) == {}


def test_an_external_nodes_outputs_can_be_changed():
    """Marking it again adds to what it declares."""
    twice = READY.after(external(), external(more="workspace:more.csv"))
    assert twice.node("clean").external_outputs == {"tidy": TIDY, "more": "workspace:more.csv"}


def test_an_internal_node_is_discovered_and_its_draft_is_there():
    """What was configured before it was external is its configuration again."""
    mine = READY.after(configure("clean", world=WORLD, user_notes="mine"), external())
    when = mine.when(MarkInternal(node="clean", facts=WORLD))
    assert when.names[:3] == ["NodeMarkedInternal", "NodeDiscovered", "RequirementsRead"]
    node = when.session.node("clean")
    assert (node.state, node.external, node.external_outputs) == (Lifecycle.CONFIGURED, False, {})
    assert (node.configured_by, node.spec.user_notes) == ("person", "mine")


def test_an_internal_node_without_script_is_pending():
    """It asks for one."""
    node = READY.after(
        external(), MarkInternal(node="clean", facts={**WORLD, "clean": NodeFacts()})
    ).node("clean")
    assert [need.code for need in node.needs] == ["SCRIPT_NOT_FOUND"]


def test_a_node_that_is_not_external_cannot_become_internal():
    """It runs a script already."""
    READY.when(MarkInternal(node="clean", facts=WORLD)).refused_with(
        CommandRefusedError, "clean is not external"
    )


def test_clearing_takes_all_answers_back():
    """Values go, and what needs no person is found again."""
    mine = READY.after(configure("clean", world=WORLD, job_args={"a": 1}, user_notes="mine"))
    when = mine.when(clear())
    assert when.events[0] == ConfigurationCleared(node="clean")
    node = when.session.node("clean")
    assert (node.state, node.configured_by) == (Lifecycle.AUTO_CONFIGURED, "auto")
    assert (node.spec.user_notes, node.spec.job_args) == (None, {})


def test_clearing_takes_a_persons_connections_back():
    """What the wiring accepts comes again by itself; a person's own does not."""
    world = {
        **WORLD,
        "clean": node_facts(
            need("raw"), need("tidy", "output"), need("odd", "output"), paths=[file_at(RAW)]
        ),
    }
    wired = READY.after(
        Connect(node="train", input="tidy", source=Output("clean", "odd"), facts=world)
    )
    command = ClearConfiguration(node="train", facts=world)
    after = wired.after(command)
    assert after.state.connections["train"]["tidy"].source.output == "tidy"


def test_clearing_leaves_a_pending_node_pending():
    """It asks for what it asked for."""
    gone = node_facts(need("zebra"), script=script_info("train"))
    world = {**WORLD, "train": gone}
    waiting = given().after(
        start(DECLARED, world), configure("train", world=world, partial=True, user_notes="x")
    )
    when = waiting.when(ClearConfiguration(node="train", facts=world))
    assert isinstance(when.events[-1], ScriptMarkedPending)
    assert when.session.node("train").draft.user_notes is None


def test_an_external_node_is_not_cleared():
    """It has nothing to clear."""
    READY.after(external()).when(clear()).refused_with(CommandRefusedError, "clean is external")


def test_looking_again_after_each_mark_tells_nothing_new():
    """What was decided holds until something changes."""
    world = {**WORLD, "clean": BOUND}
    for command in (bind(), external(), clear()):
        seen = world if isinstance(command, BindScript) else WORLD
        assert READY.after(command).when(RecordWorld(facts=seen)).names == []


def test_nodes_of_a_run_are_left_alone():
    """While a run is at a node, nobody changes what it is."""
    busy = READY.after(start_run(facts=WORLD))
    for command in (bind(), external(), clear()):
        busy.when(command).refused_with(RunInProgressError)


def test_what_a_node_is_stays_while_a_run_is_at_its_consumers():
    """The run planned with what the consumers are given."""
    busy = READY.after(start_run("train", facts=WORLD))
    busy.when(external()).refused_with(RunInProgressError)
    outside = READY.after(external(tidy=TIDY), start_run("train", facts=WORLD))
    outside.when(MarkInternal(node="clean", facts=WORLD)).refused_with(RunInProgressError)
