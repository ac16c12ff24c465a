"""One node told whole."""

from tests.support.builders import (
    claim_attempt,
    configure,
    envelopes,
    file_at,
    finish,
    need,
    node_facts,
    pipeline,
    start,
    start_run,
)
from tests.support.dsl import given

from runthrough.core.events import PipelineChanged
from runthrough.core.values.connections import Output
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.whole_node import ATTEMPTS_KEPT, EndedAttempts, whole_node_view
from runthrough.core.views.worklist import worklist

RAW = file_at("workspace:raw.csv")
FACTS = {
    "clean": node_facts(need("raw"), need("data", "output"), need("n", "job_arg"), paths=[RAW]),
    "fit": node_facts(need("data"), need("MODE", "environ_var", "optional")),
}


def view(session, node, attempts=None):
    """The view of a node, with paths as they are recorded."""
    row = next(row for row in worklist(session.state, {}) if row.node == node)
    return whole_node_view(
        session.state,
        Particulars(),
        row,
        attempts or EndedAttempts(),
        changes=(),
        locate=lambda path: f"/{path}",
    )


def values(session, node):
    """Value → its origin."""
    return {row["name"]: row["origin"] for row in view(session, node)["values"]}


def test_what_the_pipeline_says_is_told_as_its_own():
    """Also where somebody answered the same again; another value is a person's."""
    said = pipeline(
        clean=NodeDeclaration(inputs={"raw": RAW.path}, job_args={"n": 1}, timeout_s=5.0)
    )
    session = given().after(start(said, FACTS))
    expected = {"input.raw": "pipeline", "arg.n": "pipeline", "timeout_s": "pipeline"}
    assert values(session, "clean") == expected
    same = session.after(configure("clean", world=FACTS, job_args={"n": 1}))
    assert values(same, "clean") == expected
    other = session.after(configure("clean", world=FACTS, job_args={"n": 2}, timeout_s=6.0))
    assert values(other, "clean") == {
        "input.raw": "pipeline",
        "arg.n": "person",
        "timeout_s": "person",
    }


def test_what_is_known_of_a_pending_node_is_told():
    """Its draft, with what was answered so far."""
    session = given().after(
        start(pipeline(clean=None), FACTS),
        configure("clean", world=FACTS, job_args={"n": 2}, partial=True),
    )
    told = view(session, "clean")
    assert told["values"] == [{"name": "arg.n", "value": 2, "origin": "person"}]
    assert told["category"] == "needs_you"
    assert told["next"].startswith("runthrough configure clean --input raw=")


def test_an_interpreter_tells_who_chose_it():
    """The node's own by the file or by a person, else the pipeline's, else ours."""
    own = pipeline(clean=NodeDeclaration(python="abs:/p"), fit=None)
    session = given().after(start(own, FACTS))
    assert view(session, "clean")["interpreter"] == {"python": "abs:/p", "origin": "pipeline"}
    assert view(session, "fit")["interpreter"] == {"python": None, "origin": "default"}
    whole = own.model_copy(update={"python": "abs:/all"})
    session = given().after(start(whole, FACTS))
    assert view(session, "fit")["interpreter"] == {"python": "abs:/all", "origin": "pipeline"}
    chosen = session.after(configure("fit", world=FACTS, python="abs:/mine", partial=True))
    assert view(chosen, "fit")["interpreter"] == {"python": "abs:/mine", "origin": "person"}


def test_connections_are_told_at_both_ends():
    """What feeds the consumer is what the producer feeds."""
    wired = pipeline(
        clean=None, fit=NodeDeclaration(inputs={"data": Output("clean", "data", None)})
    )
    session = given().after(start(wired, FACTS))
    (wire,) = view(session, "fit")["inputs_from"]
    assert view(session, "clean")["outputs_to"] == [wire]
    assert (wire["from_node"], wire["status"]) == ("clean", "declared")
    assert values(session, "fit") == {"input.data": "declared"}


def test_what_an_external_node_provides_is_told():
    """As the file says it."""
    outside = pipeline(out=NodeDeclaration(external=True, outputs={"DATA": "pipeline:data"}))
    told = view(given().after(start(outside, {})), "out")
    assert told["values"] == [{"name": "output.DATA", "value": "data", "origin": "pipeline"}]
    assert (told["script"], told["attempts"]) == (None, [])


def test_the_newest_attempts_are_kept():
    """Newest first, as many as a screen tells; one without a log says so."""
    bare = pipeline(fit=None)
    facts = {"fit": node_facts()}
    session = given().after(start(bare, facts), start_run(facts=facts), claim_attempt("fit"))
    (event,) = (
        e for e in session.when(finish("fit", "lost")).events if e.type == "ScriptExecuted"
    )
    attempts = EndedAttempts()
    for number in range(ATTEMPTS_KEPT + 2):
        again = event.model_copy(update={"duration_s": float(number)})
        attempts.take(envelopes([again]))
    told = view(session, "fit", attempts)["attempts"]
    assert [one["duration_s"] for one in told] == [11.0 - n for n in range(ATTEMPTS_KEPT)]
    assert {one["log"] for one in told} == {None}


def test_attempts_are_those_of_the_node_and_not_of_its_name():
    """A name that is used again begins without; an undo brings back what a node had."""
    session = given().after(
        start(pipeline(fit=None), {"fit": node_facts()}),
        start_run(facts={"fit": node_facts()}),
        claim_attempt("fit"),
    )
    ended = [e for e in session.when(finish("fit", "lost")).events if e.type == "ScriptExecuted"]

    def told(*changes):
        attempts = EndedAttempts()
        attempts.take(envelopes([*ended, *changes]))
        return {node: len(held) for node, held in attempts.of.items() if held}

    bare = pipeline(fit=None)
    removed = PipelineChanged(pipeline=bare, removed=("fit",))
    added = PipelineChanged(pipeline=bare, added=("fit",))
    assert told(removed, added) == {}
    assert told(removed, added.model_copy(update={"restored": ("fit",)})) == {"fit": 1}
    moved = PipelineChanged(pipeline=bare, renamed={"fit": "train"})
    assert told(moved) == {"train": 1}
    taken_over = PipelineChanged(pipeline=bare, removed=("train",), renamed={"fit": "train"})
    assert told(moved, taken_over) == {}
