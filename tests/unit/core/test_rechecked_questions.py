"""Open questions about a producer's outputs, once it is known what the producer really wrote."""

from tests.support.builders import (
    RUN,
    claim_attempt,
    finish,
    need,
    node_facts,
    pipeline,
    script_info,
    start,
    start_run,
)
from tests.support.dsl import given

from runthrough.core.commands import FinishRun, RecordWorld
from runthrough.core.events import (
    ConnectionAccepted,
    ConnectionProposed,
    ConnectionRemoved,
    ScriptAutoConfigured,
    ScriptExecuted,
    ScriptMarkedPending,
)
from runthrough.core.lifecycle import Lifecycle

GIVES = (need("left", "output"), need("right", "output"))
READS = need("table", files=("customers.csv", "regions.csv"))
WIRED = pipeline(("give", "take"))


def world(written=None):
    """What is seen of the nodes when these files were written."""
    return {
        "give": node_facts(*GIVES, script=script_info("give"), written=written or {}),
        "take": node_facts(READS, script=script_info("take")),
    }


def running():
    """A run that is at `give`, whose consumer waits for an answer."""
    begun = given().after(start(WIRED, world()))
    assert "take" in begun.state.proposals
    return begun.after(start_run("give", facts=world()), claim_attempt("give"))


def kinds(events):
    return [event.type for event in events]


def test_files_that_were_written_answer_a_question():
    """The output that holds what the consumer reads is taken, and the consumer is configured."""
    seen = world({"left": ("regions.csv", "customers.csv"), "right": ("orders.csv",)})
    when = running().when(finish("give", facts=seen))
    executed, accepted, configured = when.events
    assert isinstance(executed, ScriptExecuted)
    assert isinstance(accepted, ConnectionAccepted)
    assert (accepted.node, accepted.input, accepted.output) == ("take", "table", "left")
    assert "file names customers.csv, regions.csv" in accepted.reason
    assert isinstance(configured, ScriptAutoConfigured)
    assert when.session.node("take").state is Lifecycle.AUTO_CONFIGURED
    assert "take" not in when.session.state.proposals


def test_files_that_lie_below_a_folder_bring_the_subpath():
    """What is read lies in one sub-folder of the output, and the connection leads there."""
    seen = world({"left": ("v1/customers.csv", "v1/regions.csv"), "right": ("orders.csv",)})
    _, accepted, _ = running().when(finish("give", facts=seen)).events
    assert (accepted.output, accepted.subpath) == ("left", "v1")


def test_what_the_rules_would_not_take_stays_a_question():
    """Two outputs that hold the same files are never decided by a tester."""
    both = ("customers.csv", "regions.csv")
    when = running().when(finish("give", facts=world({"left": both, "right": both})))
    _, proposed, *pending = when.events
    assert isinstance(proposed, ConnectionProposed)
    assert "file names customers.csv, regions.csv" in proposed.reason
    assert when.session.node("take").state is Lifecycle.PENDING
    assert kinds(pending) == ["ScriptMarkedPending"]


def test_a_question_that_files_contradict_is_taken_back():
    """Neither output holds what is read, so nothing is proposed, and the input wants a path."""
    seen = world({"left": ("orders.csv", "lines.csv"), "right": ("invoices.csv",)})
    when = running().when(finish("give", facts=seen))
    _, removed, pending = when.events
    assert isinstance(removed, ConnectionRemoved)
    assert isinstance(pending, ScriptMarkedPending)
    assert [need.code for need in pending.needs] == ["INPUT_MISSING"]


def test_a_question_that_names_speak_for_keeps_the_contradiction_as_its_reason():
    """Equal names are no proof when the files are others; a person reads both."""
    reads = need("left", files=("customers.csv", "regions.csv"))
    # Without the files the equal names alone would have been enough, so two outputs are alike.
    gives = (need("left_new", "output"), need("left_old", "output"))
    seen = {
        "give": node_facts(*gives, script=script_info("give")),
        "take": node_facts(reads, script=script_info("take")),
    }
    session = given().after(start(WIRED, seen))
    assert "take" in session.state.proposals
    session = session.after(start_run("give", facts=seen), claim_attempt("give"))
    wrote = {"left_new": ("orders.csv",), "left_old": ("orders.csv",)}
    seen["give"] = seen["give"].model_copy(update={"written": wrote})
    events = session.when(finish("give", facts=seen)).events
    proposed = [event for event in events if isinstance(event, ConnectionProposed)]
    assert [event.input for event in proposed] == ["left"]
    assert "but no file that is read is written there" in proposed[0].reason


def test_a_question_that_stays_is_told_its_better_reasons():
    """Both outputs are what is asked about as before; the files that speak for them are new."""
    called = {"kind": "output", "aliases": ("left",)}
    seen = {
        "give": node_facts(
            need("north", **called), need("south", **called), script=script_info("give")
        ),
        "take": node_facts(need("left", files=READS.files), script=script_info("take")),
    }
    session = given().after(start(WIRED, seen))
    before = session.state.proposals["take"]["left"]
    session = session.after(start_run("give", facts=seen), claim_attempt("give"))
    wrote = {"north": READS.files, "south": READS.files}
    seen["give"] = seen["give"].model_copy(update={"written": wrote})
    _, proposed, _ = session.when(finish("give", facts=seen)).events
    assert (proposed.from_node, proposed.output) == (before.source.node, before.source.output)
    assert proposed.reason == f"{before.reason}; file names customers.csv, regions.csv"


def test_what_was_said_is_not_said_again():
    """Facts that bring nothing new bring no event but the end of the attempt."""
    assert kinds(running().when(finish("give", facts=world())).events) == ["ScriptExecuted"]


def test_without_facts_nothing_is_decided():
    """Where nobody was asked the tester looks at nothing."""
    assert kinds(running().when(finish("give")).events) == ["ScriptExecuted"]


def test_a_failed_attempt_proves_nothing():
    """What a script left behind when it failed is not what it writes."""
    seen = world({"left": ("customers.csv", "regions.csv"), "right": ("orders.csv",)})
    events = running().when(finish("give", "failed", facts=seen)).events
    assert "ConnectionAccepted" not in kinds(events)


def test_a_consumer_in_the_runs_plan_is_left_to_the_run():
    """Its open optional input is not wired while the node is about to run without it."""
    called = {"kind": "output", "aliases": ("left",)}
    gives = (need("base", "output"), need("north", **called), need("south", **called))
    reads = (need("base"), need("left", level="optional", files=READS.files))
    seen = {
        "give": node_facts(*gives, script=script_info("give")),
        "take": node_facts(*reads, script=script_info("take")),
    }
    ready = given().after(start(WIRED, seen))
    assert "left" in ready.state.proposals["take"]
    wrote = {"north": ("customers.csv", "regions.csv"), "south": ("orders.csv",)}
    later = seen | {"give": seen["give"].model_copy(update={"written": wrote})}
    both = ready.after(start_run(facts=seen), claim_attempt("give"))
    assert kinds(both.when(finish("give", facts=later)).events) == ["ScriptExecuted"]
    alone = ready.after(start_run("give", facts=seen), claim_attempt("give"))
    assert "ConnectionAccepted" in kinds(alone.when(finish("give", facts=later)).events)


def test_a_look_judges_by_what_was_written_too():
    """A session that was not asked at the end of the attempt comes to the same answer later."""
    session = running().after(finish("give"), FinishRun(run=RUN))
    seen = world({"left": ("customers.csv", "regions.csv"), "right": ("orders.csv",)})
    events = session.when(RecordWorld(facts=seen)).events
    assert kinds(events) == ["ConnectionAccepted", "ScriptAutoConfigured"]
