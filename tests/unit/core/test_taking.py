"""A session that begins like another: what it takes over, node by node, and what it cannot."""

from tests.support.builders import file_at, need, node_facts, pipeline, script_info, start
from tests.support.dsl import given

from runthrough.core.commands import StartSession
from runthrough.core.decide.taking import as_answered, taken, with_answers
from runthrough.core.events import (
    ConfigurationDrafted,
    ConfigurationRestored,
    ConnectionConfirmed,
    ConnectionRejected,
    NodeMarkedExternal,
    ScriptBound,
    ScriptConfigured,
    ScriptMarkedPending,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.values.connections import Connection, Output, Rejection
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.values.standing import Standing, StandingNode

RAW, OWN, OUT = "workspace:raw.csv", "workspace:own.csv", "workspace:out.csv"
MINE = ScriptSpec(input_paths={"raw": OWN}, user_notes="mine", timeout_s=60)
FACTS = node_facts(need("raw"), need("clean", "output"), paths=[file_at(RAW), file_at(OWN)])
NEXT_FACTS = node_facts(
    need("other"), need("model", "output"), script=script_info("b"), paths=[file_at(OWN)]
)
DECLARED = NodeDeclaration(inputs={"raw": RAW})


def stood(declared=None, **nodes):
    """How another session over a pipeline stood."""
    return Standing(version=9, pipeline=declared or pipeline(a=DECLARED, b=None), nodes=nodes)


def by_person(spec=MINE, **more):
    """A node that a person had configured."""
    return StandingNode(spec=spec, accepted=True, by="person", **more)


def wire(source, target="b", into="other", status="confirmed"):
    """What fed an input of a node."""
    return Connection(target, into, source, status, None, "")


def begun(declared, facts, like):
    """A session that began like another one."""
    command = start(declared, facts).model_copy(update={"like": like})
    assert isinstance(command, StartSession)
    return given().when(command)


def test_values_of_a_person_are_taken_and_counted():
    """A path, a note and a time limit are three answers; the node stands on them at once."""
    declared = pipeline(a=DECLARED)
    like = stood(a=by_person())
    one = taken(like, declared, {"a": FACTS})["a"]
    assert (one.spec, one.answers, one.script, one.external) == (MINE, 3, None, False)
    said = begun(declared, {"a": FACTS}, like)
    (configured,) = [e for e in said.events if isinstance(e, ScriptConfigured)]
    assert (configured.spec.input_paths, configured.adjusted) == ({"raw": OWN}, True)
    assert said.session.node("a").configured_by == "person"


def test_answers_that_are_not_enough_here_are_a_draft():
    """What is missing in the new session is asked, with the answers as what is known."""
    facts = node_facts(need("raw"), need("more"), paths=[file_at(OWN)])
    said = begun(pipeline(a=DECLARED), {"a": facts}, stood(a=by_person()))
    kinds = [type(event) for event in said.events]
    assert kinds[-2:] == [ScriptMarkedPending, ConfigurationDrafted]
    assert said.session.node("a").state is Lifecycle.PENDING
    assert said.session.node("a").draft.user_notes == "mine"


def test_what_no_person_said_is_found_anew():
    """Automatic configurations, and nodes that the pipeline does not have, say nothing."""
    auto = StandingNode(spec=MINE, accepted=True, by="auto")
    assert taken(stood(a=auto, gone=by_person()), pipeline(a=DECLARED), {"a": FACTS}) == {}


def test_an_external_node_stays_what_it_was_made():
    """With where its outputs lie, as far as a person said so; with nothing else of it."""
    like = stood(a=StandingNode(external=True, external_outputs={"clean": OWN}, by="person"))
    declared = pipeline(a=DECLARED)
    one = taken(like, declared, {"a": FACTS})["a"]
    assert (one.external, dict(one.outputs), one.spec, one.answers) == (
        True,
        {"clean": OWN},
        None,
        2,
    )
    said = begun(declared, {"a": FACTS}, like)
    assert NodeMarkedExternal(node="a", outputs={"clean": OWN}) in said.events
    looked_at = with_answers(declared, {"a": one}).nodes["a"]
    assert (looked_at.external, looked_at.inputs, looked_at.outputs) == (True, {}, {"clean": OWN})


def test_a_node_that_both_pipelines_call_external_keeps_its_places():
    """A person's place for an output is taken where the pipeline's is what it was."""
    outside = NodeDeclaration(external=True, outputs={"clean": RAW})
    like = stood(
        pipeline(a=outside), a=StandingNode(external=True, external_outputs={"clean": OWN})
    )
    one = taken(like, pipeline(a=outside), {})["a"]
    assert (dict(one.outputs), one.answers) == ({"clean": OWN}, 1)


def test_a_node_that_was_made_internal_stays_so():
    """Also where the new pipeline calls it external."""
    outside = NodeDeclaration(external=True, outputs={"clean": RAW})
    one = taken(stood(pipeline(a=outside), a=by_person()), pipeline(a=outside), {})["a"]
    assert (one.external, one.answers) == (False, 4)


def test_a_chosen_script_is_taken_where_it_is_there():
    """A script that a person chose is bound again, and left where it is another one's."""
    chosen = script_info("chosen")
    like = stood(a=StandingNode(script=chosen.path, bound=True))
    declared = pipeline(a=DECLARED)
    facts = FACTS.model_copy(update={"script": chosen})
    said = begun(declared, {"a": facts}, like)
    assert [e.script for e in said.events if isinstance(e, ScriptBound)] == [chosen]
    elsewhere = begun(declared, {"a": FACTS}, like)
    assert not [e for e in elsewhere.events if isinstance(e, ScriptBound)]
    assert with_answers(declared, taken(like, declared, {})).nodes["a"].script == chosen.path
    same = NodeDeclaration(script=chosen.path)
    assert taken(like, pipeline(a=same), {}) == {}


def test_connections_of_a_person_are_made_again():
    """Confirmed ones only; the order of the two nodes is then as they say."""
    like = stood(b=StandingNode(connections=(wire(Output("a", "clean")),)))
    declared = pipeline(a=DECLARED, b=None)
    facts = {"a": FACTS, "b": NEXT_FACTS}
    said = begun(declared, facts, like)
    (confirmed,) = [e for e in said.events if isinstance(e, ConnectionConfirmed)]
    assert (confirmed.node, confirmed.from_node, confirmed.output) == ("b", "a", "clean")
    assert confirmed.adjusted
    assert said.session.state.predecessors["b"] == ("a",)
    fed = with_answers(declared, taken(like, declared, facts)).nodes["b"].inputs
    assert fed == {"other": Output("a", "clean")}
    accepted = stood(b=StandingNode(connections=(wire(Output("a", "clean"), status="accepted"),)))
    assert taken(accepted, declared, facts) == {}


def test_connections_that_cannot_be_made_are_left_out():
    """A producer that is not there any more, or a cycle with what the pipeline says."""
    like = stood(
        a=StandingNode(connections=(wire(Output("b", "model"), "a", "raw"),)),
        b=StandingNode(connections=(wire(Output("gone", "x")),)),
    )
    assert taken(like, pipeline(("a", "b"), a=None, b=None), {}) == {}


def test_an_external_producer_feeds_what_it_says_it_has():
    """A connection to an output that it has no place for is not made."""
    outside = NodeDeclaration(external=True, outputs={"clean": RAW})
    for output, made in (("clean", 1), ("absent", 0)):
        like = stood(
            pipeline(a=outside, b=None), b=StandingNode(connections=(wire(Output("a", output)),))
        )
        said = begun(pipeline(a=outside, b=None), {"b": NEXT_FACTS}, like)
        assert len([e for e in said.events if isinstance(e, ConnectionConfirmed)]) == made


def test_a_connection_along_an_edge_of_the_pipeline_is_made():
    """Its producer comes first already."""
    like = stood(b=StandingNode(connections=(wire(Output("a", "clean")),)))
    declared = pipeline(("a", "b"), a=DECLARED, b=None)
    said = begun(declared, {"a": FACTS, "b": NEXT_FACTS}, like)
    assert len([e for e in said.events if isinstance(e, ConnectionConfirmed)]) == 1


def test_what_is_no_configuration_of_itself_stays_what_it_is():
    """Only what would be nobody's doing becomes a person's."""
    restored = ConfigurationRestored(node="a", spec=MINE)
    assert [*as_answered((restored,))] == [restored]


def test_what_was_rejected_is_not_proposed_again():
    """As far as the producer is in the pipeline."""
    no = (
        Rejection(input="other", source=Output("a", "clean")),
        Rejection(input="other", source=Output("gone", "x")),
    )
    like = stood(b=StandingNode(rejected=no))
    said = begun(pipeline(("a", "b"), a=DECLARED, b=None), {"a": FACTS, "b": NEXT_FACTS}, like)
    (rejected,) = [e for e in said.events if isinstance(e, ConnectionRejected)]
    assert rejected.node == "b"
    assert [one.source for one in said.session.state.rejected["b"]] == [Output("a", "clean")]
