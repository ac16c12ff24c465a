"""What a changed pipeline does to a session that people have configured."""

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

from runthrough.core.commands import (
    BindScript,
    Connect,
    Disconnect,
    FinishRun,
    MarkExternal,
    UpdatePipeline,
)
from runthrough.core.decide.pipeline_updates import pipeline_update
from runthrough.core.decide.updating import rename_hints
from runthrough.core.events import (
    ConfigurationDrafted,
    ConnectionAccepted,
    ConnectionRemoved,
    NodeDiscovered,
    NodeMarkedExternal,
    NodeMarkedInternal,
    PipelineChanged,
    ScriptAutoConfigured,
    ScriptConfigured,
    ScriptMarkedPending,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.values.connections import Output
from runthrough.core.values.limits import Limits
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.errors import (
    CommandRefusedError,
    RunInProgressError,
    SessionClosedError,
    UnknownNodeError,
)

RAW, FRESH, OWN = "workspace:raw.csv", "workspace:fresh.csv", "workspace:own.csv"
THERE = [file_at(path) for path in (RAW, FRESH, OWN)]


def read_facts(*needs, **more):
    """A script that reads `raw` and writes `clean`, with the files of these tests around it."""
    more.setdefault("paths", THERE)
    return node_facts(need("raw"), need("clean", "output"), *needs, **more)


def train_facts(*needs, **more):
    """A script that takes `clean`, and names like no other."""
    more.setdefault("script", script_info("train"))
    more.setdefault("paths", THERE)
    return node_facts(need("clean"), need("model", "output"), *needs, **more)


FACTS = {"prepare": read_facts(), "train": train_facts()}


def declared(*edges, prepare=None, train=None, **nodes):
    """A pipeline of two scripts in a row, unless told."""
    first = prepare or NodeDeclaration(inputs={"raw": RAW})
    return pipeline(
        *(edges or (("prepare", "train"),)),
        prepare=first,
        train=train or NodeDeclaration(),
        **nodes,
    )


def begun(before=None, facts=FACTS, *commands):
    """A session on a pipeline, with what people asked of it."""
    return given().after(start(before or declared(), facts), *commands)


def update(after, facts=FACTS, **renamed):
    """The command that takes another pipeline."""
    return UpdatePipeline(pipeline=after, renamed=renamed, facts=facts)


def values(session, node, part="environ_vars"):
    """One part of a node's configuration."""
    there = session.node(node)
    return getattr(there.spec or there.draft, part)


def told(session, command):
    """What stays of people's answers although the file says otherwise."""
    return [str(kept) for kept in pipeline_update(command, session.state).kept]


def with_values(**more):
    """A declaration of `prepare` that reads the raw file."""
    return NodeDeclaration(**{"inputs": {"raw": RAW}, **more})


def test_a_value_that_nobody_changed_follows_the_file():
    """A person's node takes the file's new value where its own was the file's old one."""
    session = begun(
        declared(prepare=with_values(environ_vars={"LABEL": "a", "MODE": "x"})),
        FACTS,
        configure("prepare", FACTS["prepare"], environ_vars={"MODE": "mine"}),
    )
    command = update(declared(prepare=with_values(environ_vars={"LABEL": "b", "MODE": "x"})))
    after = session.when(command)
    assert values(after.session, "prepare") == {"LABEL": "b", "MODE": "mine"}
    assert after.session.node("prepare").configured_by == "person"
    assert told(session, command) == []
    assert [e.adjusted for e in after.events if isinstance(e, ScriptConfigured)] == [True]


def test_a_persons_value_wins_and_the_difference_is_told():
    """What somebody set stays where the file says a third thing, and both are told."""
    session = begun(
        declared(prepare=with_values(environ_vars={"LABEL": "a"})),
        FACTS,
        configure("prepare", FACTS["prepare"], environ_vars={"LABEL": "b"}),
    )
    command = update(declared(prepare=with_values(environ_vars={"LABEL": "c"})))
    assert values(session.after(command), "prepare") == {"LABEL": "b"}
    assert told(session, command) == ["prepare.LABEL: yours b stays, the file says c"]


def test_the_file_that_agrees_is_no_difference():
    """A file that says what a person had answered is not told of."""
    session = begun(
        declared(prepare=with_values(environ_vars={"LABEL": "a"})),
        FACTS,
        configure("prepare", FACTS["prepare"], environ_vars={"LABEL": "b"}),
    )
    command = update(declared(prepare=with_values(environ_vars={"LABEL": "b"})))
    assert values(session.after(command), "prepare") == {"LABEL": "b"}
    assert told(session, command) == []


def test_what_a_person_took_away_stays_away():
    """A value that was replaced by none does not come back, and the file's new one is told."""
    session = begun(
        declared(prepare=with_values(environ_vars={"LABEL": "a"})),
        FACTS,
        configure("prepare", FACTS["prepare"], environ_vars={}, replace=True),
    )
    command = update(declared(prepare=with_values(environ_vars={"LABEL": "c"})))
    assert values(session.after(command), "prepare") == {}
    assert told(session, command) == ["prepare.LABEL: yours nothing stays, the file says c"]


def test_every_part_of_a_configuration_follows_its_own_rule():
    """Paths, arguments, time, limits and interpreter follow the file where nobody changed them."""
    before = with_values(
        outputs={"clean": "workspace:a"},
        job_args={"depth": 1, "kind": {"secret": "ONE"}},
        timeout_s=10.0,
        limits=Limits(cpu_s=1, open_files=64),
        python="python3",
    )
    new = NodeDeclaration(
        inputs={"raw": FRESH},
        outputs={"clean": "workspace:b"},
        job_args={"depth": 2, "kind": {"secret": "TWO"}},
        timeout_s=20.0,
        limits=Limits(cpu_s=2, open_files=128),
        python="python3.12",
    )
    asked = configure(
        "prepare",
        FACTS["prepare"],
        job_args={"kind": {"secret": "MINE"}},
        timeout_s=15.0,
        limits=Limits(open_files=99),
    )
    session = begun(declared(prepare=before), FACTS, asked)
    command = update(declared(prepare=new))
    spec = session.after(command).node("prepare").spec
    assert spec.input_paths == {"raw": FRESH}
    assert spec.output_paths == {"clean": "workspace:b"}
    assert spec.job_args == {"depth": 2, "kind": {"secret": "MINE"}}
    assert spec.timeout_s == 15.0
    assert spec.limits == Limits(cpu_s=2, open_files=99)
    assert spec.python == "python3.12"
    assert told(session, command) == [
        "prepare.kind: yours @secret:MINE stays, the file says @secret:TWO",
        "prepare.timeout_s: yours 15.0 stays, the file says 20.0",
        "prepare.open_files: yours 99 stays, the file says 128",
    ]


def test_a_node_that_needed_nobody_is_decided_anew():
    """An auto-configured node takes its new declaration, and waits for a person if that fails."""
    session = begun()
    assert session.node("prepare").state is Lifecycle.AUTO_CONFIGURED
    good = session.when(update(declared(prepare=NodeDeclaration(inputs={"raw": FRESH}))))
    assert [e.spec.input_paths for e in good.events if isinstance(e, ScriptAutoConfigured)] == [
        {"raw": FRESH}
    ]
    gone = {**FACTS, "prepare": read_facts(paths=[nothing_at("workspace:gone.csv")])}
    wrong = declared(prepare=NodeDeclaration(inputs={"raw": "workspace:gone.csv"}))
    assert session.after(update(wrong, gone)).node("prepare").state is Lifecycle.PENDING


def test_what_was_found_by_convention_is_nobodys_answer():
    """A path that lay there by convention gives way to the file's, also on a person's node."""
    found = {**FACTS, "prepare": read_facts(found={"raw": OWN})}
    session = begun(
        declared(prepare=NodeDeclaration(environ_vars={"LABEL": "a"})),
        found,
        configure("prepare", found["prepare"], environ_vars={"LABEL": "b"}),
    )
    assert values(session, "prepare", "input_paths") == {"raw": OWN}
    after = session.after(update(declared(prepare=with_values()), found))
    assert values(after, "prepare", "input_paths") == {"raw": RAW}


def test_a_need_with_two_names_is_one_value():
    """A file that names a need by its alias speaks of the value that a person gave by another."""
    facts = {
        **FACTS,
        "prepare": read_facts(need("LABEL", "environ_var", aliases=("LABEL_FIELD",))),
    }
    session = begun(
        declared(prepare=with_values(environ_vars={"LABEL_FIELD": "a"})),
        facts,
        configure("prepare", facts["prepare"], environ_vars={"LABEL": "b"}),
    )
    command = update(declared(prepare=with_values(environ_vars={"LABEL_FIELD": "c"})), facts)
    assert values(session.after(command), "prepare") == {"LABEL": "b"}
    assert told(session, command) == ["prepare.LABEL: yours b stays, the file says c"]


def test_a_run_node_with_equal_values_stays_run():
    """What the file does not change of a node leaves its outcome, and no event."""
    session = begun().after(
        start_run(facts=FACTS),
        claim_attempt("prepare"),
        finish("prepare", outputs=(written("clean", "session:clean"),)),
        claim_attempt("train"),
        finish("train", outputs=(written("model", "session:model"),)),
        FinishRun(run="run-1", status="passed"),
    )
    more = update(declared(more=with_values()), {**FACTS, "more": read_facts()})
    after = session.when(more)
    assert {e.node for e in after.events if hasattr(e, "node")} == {"more"}
    assert after.session.node("train").state is Lifecycle.EXECUTED
    assert after.session.node("train").passed == session.node("train").passed


def test_a_removed_node_takes_its_connections_with_it():
    """Both ends go before the pipeline changes, and consumers are decided again."""
    session = begun()
    after = session.when(update(pipeline(train=NodeDeclaration()), {"train": train_facts()}))
    first, second, *rest = after.events
    assert isinstance(first, ConnectionRemoved)
    assert (first.node, first.from_node) == ("train", "prepare")
    assert isinstance(second, PipelineChanged)
    assert (second.removed, second.changed) == (("prepare",), ("train",))
    assert [type(event) for event in rest] == [ScriptMarkedPending]
    assert after.session.state.nodes.keys() == {"train"}
    below = session.when(update(pipeline(prepare=with_values()), {"prepare": read_facts()}))
    assert below.names == ["ConnectionRemoved", "PipelineChanged"]
    assert not any(below.session.state.connections.values())


def test_a_node_that_comes_back_is_discovered():
    """Removed and added again: nothing of what it was is there but in history."""
    mine = configure("prepare", FACTS["prepare"], environ_vars={"LABEL": "b"})
    session = begun(None, FACTS, mine).after(
        update(pipeline(train=NodeDeclaration()), {"train": train_facts()})
    )
    after = session.when(update(declared()))
    assert [e.node for e in after.events if isinstance(e, NodeDiscovered)] == ["prepare"]
    assert values(after.session, "prepare") == {}
    assert after.session.node("prepare").configured_by == "auto"


def test_declared_connections_come_and_go():
    """A connection that is no longer declared goes, and the one that is declared now comes."""
    by_first = NodeDeclaration(inputs={"clean": Output("prepare", "clean")})
    by_second = NodeDeclaration(inputs={"clean": Output("other", "clean")})
    facts = {**FACTS, "other": read_facts()}
    both = (("prepare", "train"), ("other", "train"))
    session = begun(declared(*both, train=by_first, other=with_values()), facts)
    after = session.when(update(declared(*both, train=by_second, other=with_values()), facts))
    wires = [e for e in after.events if isinstance(e, ConnectionAccepted | ConnectionRemoved)]
    assert [(type(e), e.from_node) for e in wires] == [
        (ConnectionRemoved, "prepare"),
        (ConnectionAccepted, "other"),
    ]
    gone = session.after(update(declared(*both, other=with_values()), facts))
    assert "declared" not in {w.status for w in gone.state.connections["train"].values()}


def test_a_persons_connection_wins_over_a_declared_one():
    """An input that somebody connected stays so, and the file's word is told."""
    facts = {**FACTS, "other": read_facts()}
    both = (("prepare", "train"), ("other", "train"))
    made = Connect(node="train", input="clean", source=Output("prepare", "clean"), facts=facts)
    session = begun(declared(*both, other=with_values()), facts, made)
    by_file = NodeDeclaration(inputs={"clean": Output("other", "clean")})
    command = update(declared(*both, train=by_file, other=with_values()), facts)
    after = session.after(command)
    assert after.state.connections["train"]["clean"].source == Output("prepare", "clean")
    assert told(session, command) == [
        "train.clean: yours @prepare.clean stays, the file says @other.clean"
    ]


def test_a_connection_that_a_person_confirmed_is_theirs():
    """It stays although the file had said the same before, and says another one now."""
    facts = {**FACTS, "other": read_facts()}
    both = (("prepare", "train"), ("other", "train"))
    by_first = NodeDeclaration(inputs={"clean": Output("prepare", "clean")})
    by_second = NodeDeclaration(inputs={"clean": Output("other", "clean")})
    made = Connect(node="train", input="clean", source=Output("prepare", "clean"), facts=facts)
    mine = configure("train", facts["train"], environ_vars={"LABEL": "b"}, world=facts)
    session = begun(declared(*both, train=by_first, other=with_values()), facts, made, mine)
    command = update(declared(*both, train=by_second, other=with_values()), facts)
    after = session.after(command)
    assert after.state.connections["train"]["clean"].source == Output("prepare", "clean")
    assert told(session, command) == [
        "train.clean: yours @prepare.clean stays, the file says @other.clean"
    ]


def test_what_the_file_names_instead_of_a_rejected_output_is_taken():
    """A rejection speaks of one output: the path that the file gives now is none of it."""
    by_file = NodeDeclaration(inputs={"clean": Output("prepare", "clean")})
    cut = Disconnect(targets=({"node": "train", "input": "clean"},), facts=FACTS)
    mine = configure(
        "train", FACTS["train"], environ_vars={"LABEL": "b"}, partial=True, world=FACTS
    )
    session = begun(declared(train=by_file), FACTS, cut, mine)
    command = update(declared(train=NodeDeclaration(inputs={"clean": OWN})))
    after = session.after(command)
    assert values(after, "train", "input_paths") == {"clean": OWN}
    assert values(after, "train") == {"LABEL": "b"}
    assert told(session, command) == []


def test_a_rejection_wins_over_a_declared_connection():
    """An output that somebody said does not feed an input is not connected by the file."""
    cut = Disconnect(targets=({"node": "train", "input": "clean"},), facts=FACTS)
    session = begun(None, FACTS, cut)
    by_file = NodeDeclaration(inputs={"clean": Output("prepare", "clean")})
    command = update(declared(train=by_file))
    assert not session.after(command).state.connections.get("train")
    assert told(session, command) == [
        "train.clean: yours rejection stays, the file says @prepare.clean"
    ]


def test_a_declared_path_takes_the_place_of_a_connection():
    """An input that the rules had connected reads the path that the file gives it now."""
    session = begun()
    after = session.after(update(declared(train=NodeDeclaration(inputs={"clean": OWN}))))
    assert values(after, "train", "input_paths") == {"clean": OWN}
    assert not after.state.connections["train"]


def test_an_accepted_connection_goes_with_its_edge():
    """Where no edge leads any more, what the rules had connected is open again."""
    session = begun()
    after = session.after(update(pipeline(prepare=with_values(), train=NodeDeclaration())))
    assert not after.state.connections["train"]
    assert after.state.predecessors["train"] == ()
    assert after.node("train").state is Lifecycle.PENDING


def test_a_path_that_an_output_moved_to_is_a_connection():
    """A consumer's declared path is fed by the producer that is to write there now."""
    before = declared(
        prepare=with_values(outputs={"clean": "workspace:a"}),
        train=NodeDeclaration(inputs={"clean": OWN}),
    )
    session = begun(before)
    assert not session.state.connections.get("train")
    moved = declared(
        prepare=with_values(outputs={"clean": OWN}), train=NodeDeclaration(inputs={"clean": OWN})
    )
    after = session.after(update(moved))
    assert after.state.connections["train"]["clean"].source == Output("prepare", "clean")
    back = after.after(update(before))
    assert not back.state.connections["train"]
    assert values(back, "train", "input_paths") == {"clean": OWN}


def test_a_node_whose_declared_script_changed_is_discovered_anew():
    """What was answered for the old script is kept for the new one as far as it needs it."""
    other = script_info("prepare_two")
    facts = {**FACTS, "prepare": read_facts(script=other)}
    mine = configure("prepare", FACTS["prepare"], environ_vars={"LABEL": "b"})
    session = begun(None, FACTS, mine)
    after = session.when(update(declared(prepare=with_values(script=other.path)), facts))
    assert [e.script for e in after.events if isinstance(e, NodeDiscovered)] == [other]
    assert values(after.session, "prepare") == {"LABEL": "b"}
    assert after.session.node("prepare").configured_by == "person"
    needy = {**FACTS, "prepare": read_facts(need("top", "job_arg"), script=other)}
    pending = session.when(update(declared(prepare=with_values(script=other.path)), needy))
    assert [e.draft.environ_vars for e in pending.events if isinstance(e, ConfigurationDrafted)]
    assert pending.session.node("prepare").restores_to == "person"


def test_a_script_that_a_person_chose_stays():
    """A bound script is not given up for the one that the file names, and that is told."""
    mine = script_info("mine")
    chosen = {**FACTS, "prepare": read_facts(script=mine)}
    bind = BindScript(node="prepare", path=mine.path, facts=chosen)
    session = begun(None, FACTS, bind)
    theirs = with_values(script="workspace:scripts/theirs.py")
    command = update(declared(prepare=theirs), chosen)
    after = session.when(command)
    assert not [e for e in after.events if isinstance(e, NodeDiscovered)]
    assert after.session.node("prepare").script.name == "mine"
    assert told(session, command) == [
        "prepare.script: yours scripts/mine.py stays, the file says scripts/theirs.py"
    ]
    agreed = update(declared(prepare=with_values(script=mine.path)), chosen)
    assert told(session, agreed) == []


def test_a_script_that_is_named_where_it_was_found_changes_nothing():
    """A file that names the script which the node runs already discovers nothing."""
    session = begun()
    named = update(declared(prepare=with_values(script=script_info().path)))
    after = session.when(named)
    assert after.names == ["PipelineChanged"]
    assert after.session.when(update(declared())).names == ["PipelineChanged"]


def test_an_external_mark_follows_the_file_where_nobody_set_it():
    """A node becomes external, and a script again, as the file says."""
    session = begun()
    outside = declared(prepare=NodeDeclaration(external=True, outputs={"clean": OWN}))
    after = session.when(update(outside))
    assert [e.outputs for e in after.events if isinstance(e, NodeMarkedExternal)] == [
        {"clean": OWN}
    ]
    assert after.session.state.connections["train"]["clean"].source.node == "prepare"
    moved = update(declared(prepare=NodeDeclaration(external=True, outputs={"clean": RAW})))
    assert after.session.after(moved).node("prepare").external_outputs == {"clean": RAW}
    back = after.session.when(update(declared()))
    assert [e.node for e in back.events if isinstance(e, NodeMarkedInternal)] == ["prepare"]
    assert back.session.node("prepare").state is Lifecycle.AUTO_CONFIGURED
    assert back.session.node("prepare").script.name == "clean"


def test_an_output_that_an_external_node_loses_takes_its_connection():
    """Who read it needs a person again."""
    outside = NodeDeclaration(external=True, outputs={"clean": OWN})
    session = begun(declared(prepare=outside))
    other = NodeDeclaration(external=True, outputs={"raw": OWN})
    after = session.when(update(declared(prepare=other)))
    removed = [e for e in after.events if isinstance(e, ConnectionRemoved)]
    assert [e.reason for e in removed] == ["prepare declares no output clean"]


def test_a_persons_external_mark_stays():
    """What somebody marked external is so still, and the file's word on it is told."""
    mark = MarkExternal(node="prepare", outputs={"clean": OWN}, facts=FACTS)
    session = begun(None, FACTS, mark)
    command = update(declared(prepare=NodeDeclaration(inputs={"raw": FRESH})))
    after = session.after(command)
    assert after.node("prepare").external
    assert after.node("prepare").external_outputs == {"clean": OWN}
    assert told(session, command) == ["prepare.external: yours true stays, the file says false"]


def test_a_renamed_node_keeps_what_it_has():
    """Configuration, outcome and connections are the new name's; nothing is discovered."""
    mine = configure("prepare", FACTS["prepare"], environ_vars={"LABEL": "b"})
    session = begun(None, FACTS, mine).after(
        start_run(facts=FACTS),
        claim_attempt("prepare"),
        finish("prepare", outputs=(written("clean", "session:clean"),)),
        claim_attempt("train"),
        finish("train", outputs=(written("model", "session:model"),)),
        FinishRun(run="run-1", status="passed"),
    )
    renamed = pipeline(("ready", "train"), ready=with_values(), train=NodeDeclaration())
    facts = {"ready": read_facts(), "train": train_facts()}
    after = session.when(update(renamed, facts, prepare="ready"))
    assert after.names == ["PipelineChanged"]
    assert after.session.node("ready").passed == session.node("prepare").passed
    assert values(after.session, "ready") == {"LABEL": "b"}
    assert after.session.state.connections["train"]["clean"].source == Output("ready", "clean")


def test_two_nodes_may_swap_their_names():
    """A name that another node takes is free where its own node is renamed too."""
    facts = {"a": read_facts(), "b": read_facts(script=script_info("two"))}
    session = given().after(start(pipeline(a=with_values(), b=with_values()), facts))
    swapped = {"a": facts["b"], "b": facts["a"]}
    after = session.after(
        update(pipeline(a=with_values(), b=with_values()), swapped, a="b", b="a")
    )
    assert after.node("b").script.name == "clean"
    assert after.node("a").script.name == "two"


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        ("prepar", "ready", UnknownNodeError, ("prepar", "prepare")),
        ("prepare", "raedy", CommandRefusedError, ("no node raedy", "Did you mean 'ready'")),
        ("train", "ready", CommandRefusedError, ("has a node train still",)),
    ],
)
def test_what_cannot_be_renamed_is_refused(old, new, error, words):
    """An unknown old name, a new one that is nowhere, and an old one that is still there."""
    after = pipeline(("ready", "train"))
    begun().when(update(after, **{old: new})).refused_with(error, *words)


def test_a_name_that_a_node_has_is_refused():
    """Two nodes cannot become one."""
    session = begun()
    session.when(update(pipeline(train=None), prepare="train")).refused_with(
        CommandRefusedError, "the session has a node train already"
    )


def test_an_equal_pipeline_is_refused():
    """Nothing differs, and the refusal says what would take note of files."""
    begun().when(update(declared())).refused_with(CommandRefusedError, "resume")


def test_a_persons_connection_that_would_close_a_cycle_is_refused():
    """The refusal names the cycle, and the command that takes the connection away."""
    facts = {"a": read_facts(), "b": train_facts()}
    made = Connect(node="b", input="clean", source=Output("a", "clean"), facts=facts)
    session = given().after(start(pipeline(a=with_values(), b=None), facts), made)
    session.when(update(pipeline(("b", "a"), a=with_values()), facts)).refused_with(
        CommandRefusedError, "a → b → a", "runthrough disconnect b.clean"
    )


def test_an_update_waits_for_a_run_and_for_a_closed_session():
    """Only an open session changes its pipeline."""
    session = begun()
    running = session.after(start_run(facts=FACTS))
    running.when(update(declared(more=None))).refused_with(RunInProgressError)
    session.state.phase = type(session.state.phase).CLOSED
    session.when(update(declared(more=None))).refused_with(SessionClosedError)


def test_a_node_that_may_have_been_renamed_is_told():
    """A node that is new with the script of one that is gone is a hint, and no more."""
    session = begun()
    facts = {"ready": read_facts(), "train": train_facts()}
    command = update(pipeline(("ready", "train"), ready=with_values()), facts)
    (hint,) = rename_hints(pipeline_update(command, session.state), facts, session.state)
    assert "--rename prepare=ready" in hint
    assert [e.node for e in session.when(command).events if isinstance(e, NodeDiscovered)] == [
        "ready"
    ]


def test_changed_lists_who_must_have_seen_it():
    """Nodes with another declaration, other edges into them, or another interpreter of all."""
    session = begun(declared(alone=with_values()), {**FACTS, "alone": read_facts()})
    base = declared(alone=with_values())
    command = update(base.model_copy(update={"python": "python3.12"}))
    (change,) = [e for e in session.when(command).events if isinstance(e, PipelineChanged)]
    assert set(change.changed) == {"prepare", "train", "alone"}
    command = update(declared(("prepare", "train"), ("alone", "train"), alone=with_values()))
    (change,) = [e for e in session.when(command).events if isinstance(e, PipelineChanged)]
    assert set(change.changed) == {"train"}
