"""What a person is asked about a node, and what is offered as the answer."""

from dataclasses import replace

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from tests.support.builders import (
    configure,
    file_at,
    need,
    node_facts,
    pipeline,
    script_info,
    session_started,
    start,
)
from tests.support.dsl import given

from runthrough.core.commands import MarkExternal, RejectConnections, Target
from runthrough.core.events import ConnectionProposed
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import ScriptCandidate
from runthrough.core.views.candidates import Asking, Nearby
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.questions import questions

PLACE = "/here"
WRITER = node_facts(need("tidy", "output"), need("odd", "output"), script=script_info("clean"))


def located(path):
    """Where a recorded path lies."""
    return f"{PLACE}/{path.partition(':')[2]}"


def begun(world, *edges, **declared):
    """A session whose nodes were seen like that."""
    nodes = {name: declared.get(name) for name in world}
    return given().after(start(pipeline(*edges, **nodes), world))


def asking(session, world, node="clean", **nearby):
    """A node of it with all that questions are made of."""
    known = Particulars(requirements={n: facts.requirements for n, facts in world.items()})
    return Asking(
        node=NodeName(node),
        state=session.state,
        particulars=known,
        facts=world.get(node, NodeFacts()),
        nearby=Nearby(**nearby),
        locate=located,
    )


def asked(*needs, node="clean", everything=False, **nearby):
    """The questions about a lone node with these needs."""
    world = {node: node_facts(*needs)}
    return questions(asking(begun(world), world, node, **nearby), everything=everything)


def proposal(**more):
    """Something proposed for the input `rows` of `train`."""
    return ConnectionProposed(
        node="train",
        input="rows",
        from_node="clean",
        output="tidy",
        score=1.0,
        margin=0.2,
        reason="file names",
        **more,
    )


def test_each_missing_need_is_one_question():
    """Inputs, variables and arguments are asked for in this order; outputs are not."""
    found = asked(
        need("depth", "job_arg"),
        need("CURRENCY", "environ_var"),
        need("rows"),
        need("o", "output"),
    )
    assert [(q.kind, q.name, q.code) for q in found] == [
        ("input", "rows", "INPUT_MISSING"),
        ("environ_var", "CURRENCY", "ENV_MISSING"),
        ("job_arg", "depth", "ARG_MISSING"),
    ]
    assert all(q.required and not q.problem and q.current is None for q in found)


def test_what_can_be_done_without_is_asked_only_when_everything_is():
    """An optional need with a default is nobody's work, and can still be looked through."""
    lax = need("depth", "job_arg", level="optional", has_default=True, default=3)
    assert asked(lax) == ()
    (question,) = asked(lax, everything=True)
    assert (question.required, question.code) == (False, None)
    assert [(c.value, c.reason) for c in question.candidates] == [("3", "the script's default")]


def test_what_is_never_read_is_never_asked():
    """A contract may name what the code does not read."""
    assert asked(need("ghost", level="unread"), everything=True) == ()


def test_an_external_node_is_asked_nothing():
    """It has no script, and so no needs."""
    world = {"clean": node_facts(need("rows"))}
    outside = begun(world).after(MarkExternal(node="clean", outputs={}, facts=world))
    assert questions(asking(outside, world), everything=True) == ()


def test_a_value_that_is_wrong_is_told_with_what_is_there():
    """The question says what is wrong, and holds the value to be edited."""
    gone = "workspace:data/gone.csv"
    facts = node_facts(need("rows"), paths=[])
    seen = facts.model_copy(
        update={"paths": {gone: file_at(gone).model_copy(update={"kind": None})}}
    )
    session = begun({"clean": seen}, clean=NodeDeclaration(inputs={"rows": gone}))
    (question,) = questions(asking(session, {"clean": seen}))
    assert question.code == "INPUT_NOT_FOUND"
    assert question.problem == "Input file does not exist: data/gone.csv"
    assert "--input rows=PATH" in question.fix
    assert (question.current.value, question.current.shown) == (
        "/here/data/gone.csv",
        "data/gone.csv",
    )


@pytest.mark.parametrize("level", ["required", "optional"])
def test_where_a_name_was_mistyped_the_need_that_was_meant_is_asked_about(level):
    """What was given under the wrong name is the first candidate, and answers it."""
    world = {"clean": node_facts(need("depth", "job_arg", level=level))}
    session = begun(world, clean=NodeDeclaration(job_args={"dept": 5}))
    (question,) = questions(asking(session, world))
    assert (question.name, question.code) == ("depth", "ARG_UNKNOWN")
    assert "does not name the argument dept" in question.problem
    assert [(c.value, c.reason) for c in question.candidates] == [("5", "given for dept")]
    after = session.after(configure("clean", world=world, job_args={"depth": 5}, partial=True))
    assert questions(asking(after, world)) == ()


def test_what_is_proposed_is_asked_first_with_its_alternatives():
    """The proposal, its other folders and the second best are offered, then what lies near."""
    world = {"clean": WRITER, "train": node_facts(need("rows"), script=script_info("train"))}
    declared = pipeline(("clean", "train"), clean=None, train=None)
    session = given(
        *given().when(start(declared, world)).events[:-1],
        proposal(
            subpath="a",
            subpath_choices=("a", "b"),
            runner_up=Output("clean", "odd"),
            expected=False,
        ),
    )
    first, *_ = questions(asking(session, world, "train", files=("workspace:data/rows.csv",)))
    assert (first.kind, first.name) == ("connection", "rows")
    assert [c.value for c in first.candidates] == [
        "@clean.tidy/a",
        "@clean.tidy/b",
        "@clean.odd",
        "@clean.tidy",
        "/here/data/rows.csv",
    ]
    assert first.chosen
    assert [c.reason for c in first.candidates[:2]] == ["one of its sub-folders: file names"] * 2


def test_an_output_that_was_rejected_is_not_offered_again():
    """A person said that it does not feed the input."""
    world = {"clean": WRITER, "train": node_facts(need("rows"), script=script_info("train"))}
    before = begun(world, ("clean", "train"))
    assert {c.value for q in questions(asking(before, world, "train")) for c in q.candidates} == {
        "@clean.tidy",
        "@clean.odd",
    }
    target = (Target(node="train", input="rows"),)
    after = before.after(RejectConnections(targets=target, facts=world))
    told = {c.value for q in questions(asking(after, world, "train")) for c in q.candidates}
    assert len(told) == 1


def test_an_output_beyond_an_edge_is_offered_only_for_a_reason():
    """Of further ancestors those are told that share a name; the missing edge is said."""
    far = node_facts(need("rows", "output"), need("other", "output"), script=script_info("far"))
    near = node_facts(need("thing", "output"), script=script_info("near"))
    last = node_facts(need("rows"), script=script_info("last"))
    world = {"far": far, "near": near, "last": last}
    session = begun(world, ("far", "near"), ("near", "last"))
    (question,) = questions(asking(session, world, "last"))
    offered = {c.value: c.reason for c in question.candidates}
    assert "no edge from far yet" in offered["@far.rows"]
    assert "@far.other" not in offered
    assert "@near.thing" in offered


@pytest.mark.parametrize(
    ("wanted", "files", "best"),
    [
        (need("orders"), ("workspace:a/orders.csv", "workspace:b/prices.csv"), "a/orders.csv"),
        (need("orders"), ("workspace:orders/x1.csv",), "orders/"),
        (need("order_rows"), ("workspace:data/order-rows.json",), "data/order-rows.json"),
        (
            need("raw", files=("train.csv", "val.csv")),
            ("workspace:a/train.csv", "workspace:b/train.csv", "workspace:b/val.csv"),
            "b/",
        ),
        (
            need("table", container_path="/opt/ml/table.parquet"),
            ("workspace:d/table.csv", "workspace:d/table.parquet"),
            "d/table.parquet",
        ),
    ],
)
def test_files_that_fit_are_offered_the_best_first(wanted, files, best):
    """Names, files that are read in a folder, and the suffix that the script reads speak."""
    (question,) = asked(wanted, files=files)
    assert question.candidates[0].shown == best
    assert question.candidates[0].reason


def test_what_does_not_fit_is_not_offered():
    """Scripts, and names that have nothing in common with the input, are no candidates."""
    (question,) = asked(
        need("orders"), files=("workspace:scripts/orders.py", "workspace:a/weather.csv")
    )
    assert question.candidates == ()


@pytest.mark.parametrize(
    ("wanted", "files"),
    [
        (need("orders", files=("x.csv",)), ("workspace:orders/y.csv",)),
        (need("raw", files=("*.csv", "train.csv")), ("workspace:other/z.csv",)),
        (need("pipeline"), ("workspace:pipeline.yaml",)),
    ],
)
def test_a_name_alone_does_not_make_a_candidate(wanted, files):
    """Neither a folder without the files, nor one with any table, nor the pipeline file."""
    world = {"clean": node_facts(wanted)}
    declared = pipeline(clean=None).model_copy(update={"file": "workspace:pipeline.yaml"})
    session = given().after(start(declared, world))
    (question,) = questions(asking(session, world, files=files))
    assert question.candidates == ()


def test_an_output_that_holds_other_files_is_not_offered():
    """Both sides know their files, and none that is read is written."""
    wrong = need("tidy", "output", files=("customers.csv",))
    right = need("odd", "output", files=("orders.csv",))
    writer = node_facts(wrong, right, script=script_info("clean"))
    reader = node_facts(need("rows", files=("orders.csv",)), script=script_info("train"))
    world = {"clean": writer, "train": reader}
    session = begun(world, ("clean", "train"))
    found = questions(asking(session, world, "train"), everything=True)
    offered = [candidate.value for question in found for candidate in question.candidates]
    assert "@clean.odd" in offered
    assert "@clean.tidy" not in offered


def test_what_something_outside_provides_is_offered():
    """An external node above has outputs too; what a script never writes is none."""
    outside = NodeDeclaration(external=True, outputs={"DATA": "workspace:data"})
    never = node_facts(need("rows", "output", level="unread"), script=script_info("near"))
    reader = node_facts(need("rows"), script=script_info("train"))
    world = {"near": never, "train": reader}
    declared = pipeline(("out", "train"), ("near", "train"), out=outside, near=None, train=None)
    session = given().after(start(declared, world))
    found = questions(asking(session, world, "train"), everything=True)
    assert {c.value for q in found for c in q.candidates} == {"@out.DATA"}


def test_an_empty_default_is_nothing_to_offer():
    """Nobody would see what it is."""
    empty = need("NOTE", "environ_var", has_default=True, default="")
    (question,) = asked(empty)
    assert question.candidates == ()


def test_a_default_that_is_no_text_is_offered_as_one():
    """A variable is always text."""
    (question,) = asked(need("RETRIES", "environ_var", has_default=True, default=3))
    assert [c.value for c in question.candidates] == ["3"]


def test_what_a_node_has_is_no_candidate_from_another_node():
    """The present value is told apart from what is offered."""
    world = {"clean": node_facts(need("REGION", "environ_var"))}
    session = begun(world).after(configure("clean", world=world, environ_vars={"REGION": "eu"}))
    (question,) = questions(asking(session, world), everything=True)
    assert (question.current.value, question.candidates) == ("eu", ())


def test_an_input_is_asked_about_once_among_everything():
    """Whether or not something is proposed for it."""
    world = {"clean": WRITER, "train": node_facts(need("rows"), script=script_info("train"))}
    session = begun(world, ("clean", "train"))
    found = questions(asking(session, world, "train"), everything=True)
    assert [(q.kind, q.name) for q in found] == [("connection", "rows")]


def test_values_come_from_the_environment_the_default_and_other_nodes():
    """Each value is offered once, with where it is known from."""
    both = need("REGION", "environ_var")
    world = {
        "clean": node_facts(both),
        "train": node_facts(both, script=script_info("train")),
    }
    session = begun(world).after(configure("train", world=world, environ_vars={"REGION": "eu"}))
    (question,) = questions(asking(session, world, variables={"REGION": "us", "OTHER": "x"}))
    assert [(c.value, c.reason) for c in question.candidates] == [
        ("us", "set in your environment"),
        ("eu", "as in train"),
    ]


def test_choices_are_all_there_is():
    """A list of choices is complete and in its order, and texts are told from numbers."""
    (question,) = asked(need("mode", "job_arg", choices=("fast", 2, "2")))
    assert question.closed
    assert [c.value for c in question.candidates] == ["fast", "2", '"2"']


@pytest.mark.parametrize("kind", ["environ_var", "job_arg"])
def test_nothing_of_a_secret_is_offered_but_its_name(kind):
    """Neither the environment's value nor the script's default is among what is offered."""
    secret = need("API_TOKEN", kind, has_default=True, default="hunter2")
    (question,) = asked(secret, variables={"API_TOKEN": "hunter3"})
    assert question.secret
    assert "hunter" not in repr(question)
    offered = ["@secret:API_TOKEN"] if kind == "environ_var" else []
    assert [c.value for c in question.candidates] == offered


def test_a_value_that_looks_secret_is_not_offered_under_a_plain_name():
    """The environment may hold a key under any name."""
    (question,) = asked(need("KEYS", "environ_var"), variables={"KEYS": "AKIAABCDEFGHIJKLMNOP"})
    assert question.candidates == ()


def test_a_node_without_a_script_is_asked_for_one():
    """The nearest scripts are offered with what speaks for them."""
    near = ScriptCandidate(
        path="workspace:scripts/cleans.py", kind="suggested", score=0.9, reason="similar name"
    )
    world = {"clean": NodeFacts(candidates=(near,))}
    (question,) = questions(asking(begun(world), world))
    assert (question.kind, question.code) == ("script", "SCRIPT_NOT_FOUND")
    assert [(c.value, c.shown) for c in question.candidates] == [
        ("/here/scripts/cleans.py", "scripts/cleans.py")
    ]


def test_a_view_holds_everything_as_plain_values():
    """Doors that are no Python read the same questions."""
    (question,) = asked(need("orders"), files=("workspace:orders.csv",))
    view = question.view()
    assert (view["kind"], view["name"], view["code"]) == ("input", "orders", "INPUT_MISSING")
    assert view["candidates"][0]["value"] == "/here/orders.csv"


NAMES = st.sampled_from(["rows", "TOKEN", "mode", "depth", "customers", "API_KEY", "x"])
NEEDS = st.lists(
    st.builds(
        need,
        NAMES,
        st.sampled_from(["input", "environ_var", "job_arg", "output"]),
        level=st.sampled_from(["required", "fallback", "optional", "conditional", "unread"]),
        choices=st.sampled_from([(), ("fast", 2)]),
    ),
    max_size=6,
    unique_by=lambda one: (one.kind, one.name),
)
THERE = "workspace:data/there.csv"
VALUES = {
    "input": {"input_paths": THERE},
    "environ_var": {"environ_vars": {"secret": "SOME"}},
    "job_arg": {"job_args": {"secret": "SOME"}},
}


@settings(max_examples=60)
@drawn(needs=NEEDS)
def test_answering_what_is_asked_leaves_a_node_configured(needs):
    """Law: whoever answers each question with what holds is through, and is asked no more."""
    facts = node_facts(paths=[file_at(THERE)], requirements=ScriptRequirements(needs=tuple(needs)))
    world = {"clean": facts}
    session = begun(world)
    for _ in needs:
        found = questions(asking(session, world))
        assert found == questions(asking(session, world)), "the same session, other questions"
        if not found:
            break
        question = found[0]
        ((part, value),) = VALUES[question.kind].items()
        session = session.after(
            configure("clean", facts, partial=True, **{part: {question.name: value}})
        )
    assert questions(asking(session, world)) == ()
    assert session.node("clean").state in {Lifecycle.AUTO_CONFIGURED, Lifecycle.CONFIGURED}
    assert all(q.required is False or q.current for q in _all(session, world))


def _all(session, world):
    return questions(asking(session, world), everything=True)


@settings(max_examples=40)
@drawn(
    files=st.lists(
        st.from_regex(r"[a-z]{1,6}(/[a-z]{1,6}){0,2}\.(csv|json|py)", fullmatch=True), max_size=8
    ),
    wanted=st.builds(need, st.sampled_from(["orders", "rows", "abc"])),
)
def test_what_is_offered_is_few_ranked_and_there(files, wanted):
    """Law: candidates are among what was seen, at most a handful, best first, each once."""
    places = tuple(f"workspace:{file}" for file in files)
    (question,) = asked(wanted, files=places)
    scores = [candidate.score for candidate in question.candidates]
    assert scores == sorted(scores, reverse=True)
    values = [candidate.value for candidate in question.candidates]
    assert len(set(values)) == len(values) <= 4
    seen = {located(place) for place in places}
    assert all(any(one == v or one.startswith(f"{v}/") for one in seen) for v in values)


def test_a_started_session_needs_no_look_to_be_asked():
    """Where nothing was seen yet, the needs that history holds are asked about."""
    declared = pipeline(clean=None)
    session = given(session_started(declared))
    known = Particulars(
        requirements={NodeName("clean"): ScriptRequirements(needs=(need("rows"),))}
    )
    bare = replace(asking(session, {}), particulars=known)
    assert [q.name for q in questions(bare, everything=True)] == ["rows"]
