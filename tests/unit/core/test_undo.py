"""Taking back each thing that a person does to the configuration, and doing it again."""

import pytest
from tests.support.builders import (
    RUN,
    attempt_at,
    claim_attempt,
    configure,
    finish,
    need,
    part,
    pipeline,
    script_info,
    start,
    start_run,
    written,
)
from tests.support.diary import Diary, Land, configuration

from runthrough.core.commands import (
    AddNote,
    BindScript,
    ClearConfiguration,
    CloseSession,
    ConfirmConnections,
    Connect,
    Disconnect,
    FinishRun,
    ForkSession,
    MarkExternal,
    MarkInternal,
    RecordWorld,
    RejectConnections,
    Target,
    UpdatePipeline,
)
from runthrough.core.decide import decide
from runthrough.core.decide.reverting import told
from runthrough.core.events import (
    PipelineChanged,
    ReuseAccepted,
    ScriptConfigured,
    VersionApproved,
)
from runthrough.core.evolve.actions import ACTIONS_KEPT
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.standing import same, standing
from runthrough.core.state import Action
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.errors import CommandRefusedError, SessionClosedError

RAW, TIDY, OUT = "workspace:raw.csv", "workspace:tidy.csv", "workspace:out"
TRAIN, OTHER = script_info("train"), script_info("other")
DECLARED = pipeline(
    ("clean", "train"),
    ("train", "judge"),
    clean=NodeDeclaration(inputs={"raw": RAW}),
)
NEEDS = {
    "clean": (need("raw"), need("tidy", "output"), need("rest", "output")),
    "train": (need("tidy"), need("depth", "job_arg"), need("model", "output")),
    "judge": (need("thing"), need("report", "output")),
    "other": (need("tidy"), need("model", "output")),
}
PROPOSED = (Target(node="judge", input="thing"),)


def land():
    """Scripts and files that three nodes are made of; `train` and `judge` need a person."""
    return Land(
        scripts={script_info(n).path: (script_info(n), needs) for n, needs in NEEDS.items()},
        named={name: script_info(name).path for name in ("clean", "train", "judge")},
        files={RAW: True, TIDY: True, OUT: False},
    )


def begun():
    """A session that has just begun."""
    diary = Diary(land())
    diary.do(start(DECLARED, diary.land.look(dict.fromkeys(("clean", "train", "judge")))))
    return diary


def say(diary, command, actor="ann"):
    """One command, with what is seen of the world."""
    world = diary.world()
    if isinstance(command, BindScript):
        world |= diary.land.look({command.node: command.path})
    if isinstance(command, MarkInternal):
        world |= diary.land.look({command.node: None})
    return diary.do(command.model_copy(update={"facts": world}), actor)


def answered(diary, depth=3, actor="ann"):
    """`train` is told how deep to go."""
    return say(diary, configure("train", job_args={"depth": depth}), actor)


def run(diary, node, fingerprint=(), outcome="passed", attempt=None):
    """A run in which one node ends; its outputs are what its script writes."""
    attempt = attempt or attempt_at(node)
    left = tuple(
        written(out.name, f"session:{attempt}/{out.name}", "d1")
        for out in NEEDS[node]
        if out.kind == "output"
    )
    say(diary, start_run(node, reuse=False))
    diary.do(claim_attempt(node, fingerprint, attempt=attempt))
    diary.do(finish(node, outcome, outputs=left).model_copy(update={"attempt": attempt}))
    diary.do(FinishRun(run=RUN))


COMMANDS = {
    "configure": ((), configure("train", job_args={"depth": 2})),
    "a configuration that feeds it": (
        (configure("train", job_args={"depth": 2}),),
        configure("train", input_paths={"tidy": TIDY}),
    ),
    "part of a configuration": (
        (ClearConfiguration(node="train"),),
        configure("train", user_notes="later", partial=True),
    ),
    "clear": ((configure("train", job_args={"depth": 2}),), ClearConfiguration(node="train")),
    "connect": ((), Connect(node="judge", input="thing", source=Output("clean", "rest"))),
    "confirm": ((), ConfirmConnections(targets=PROPOSED)),
    "reject": ((), RejectConnections(targets=PROPOSED)),
    "disconnect": ((), Disconnect(targets=(Target(node="train", input="tidy"),))),
    "bind": (
        (configure("train", job_args={"depth": 2}),),
        BindScript(node="train", path=OTHER.path),
    ),
    "external": (
        (configure("clean", output_paths={"tidy": OUT}),),
        MarkExternal(node="clean", outputs={"rest": TIDY}),
    ),
    "more of what an external node provides": (
        (
            configure("clean", user_notes="mine"),
            MarkExternal(node="clean", outputs={"tidy": TIDY}),
        ),
        MarkExternal(node="clean", outputs={"rest": TIDY}),
    ),
    "internal of what had been bound": (
        (BindScript(node="train", path=OTHER.path), MarkExternal(node="train", outputs={})),
        MarkInternal(node="train"),
    ),
    "internal of what nobody answered": (
        (MarkExternal(node="clean", outputs={"tidy": TIDY}),),
        MarkInternal(node="clean"),
    ),
    "internal": (
        (
            configure("clean", user_notes="mine"),
            MarkExternal(node="clean", outputs={"tidy": TIDY}),
        ),
        MarkInternal(node="clean"),
    ),
}


@pytest.mark.parametrize(("before", "command"), COMMANDS.values(), ids=COMMANDS)
def test_what_a_person_did_is_taken_back_and_done_again(before, command):
    """Node, consumers, questions and edges are what they were, and what they had become."""
    diary = begun()
    for earlier in before:
        say(diary, earlier)
    old, stood = configuration(diary.state), standing(diary.state).nodes
    say(diary, command)
    new, actions = configuration(diary.state), diary.state.actions
    assert new != old
    diary.undo()
    assert configuration(diary.state) == old
    assert all(same(there, stood[node]) for node, there in standing(diary.state).nodes.items())
    assert diary.state.actions == actions[:-1]
    diary.redo()
    assert configuration(diary.state) == new
    assert diary.state.actions == actions
    assert not diary.state.taken_back


def test_the_first_event_says_what_is_taken_back():
    """It names the version, the actions and the nodes; ordinary events lead there."""
    diary = begun()
    begun_at = diary.state.version
    answered(diary)
    first, *events = diary.undo()
    assert (first.type, first.to_version, first.versions, first.nodes) == (
        "ConfigurationReverted",
        begun_at,
        (begun_at + 1,),
        ("train",),
    )
    assert [event.type for event in events] == ["ScriptMarkedPending"]
    assert diary.state.nodes["train"].state is Lifecycle.PENDING


def test_actions_are_taken_back_one_by_one():
    """The last first; what was taken back is not taken back again."""
    diary = begun()
    for depth in (1, 2, 3):
        answered(diary, depth)
    depths = []
    for _ in range(3):
        spec = diary.state.nodes["train"].spec
        depths.append(spec.job_args["depth"])
        diary.undo()
    assert depths == [3, 2, 1]
    assert diary.state.nodes["train"].spec is None
    with pytest.raises(CommandRefusedError, match="left to take back"):
        diary.undo()


def test_several_are_taken_back_at_once_and_done_again_at_once():
    """With a version all since go; one redo brings all of them again."""
    diary = begun()
    to = diary.state.version
    answered(diary)
    say(diary, ConfirmConnections(targets=PROPOSED))
    old = configuration(diary.state)
    (first, *_) = diary.undo(to)
    assert len(first.versions) == 2
    assert first.nodes == ("train", "judge")
    assert configuration(diary.state) == configuration(diary.as_of(to))
    diary.redo()
    assert configuration(diary.state) == old
    assert len(diary.state.actions) == 2


def test_an_action_that_changed_nothing_is_taken_back_as_well():
    """Equal values again are an action, and do not stand in the way of those before."""
    diary = begun()
    answered(diary)
    answered(diary)
    (first, *events) = diary.undo()
    assert (first.nodes, events) == ((), [])
    diary.undo()
    assert diary.state.nodes["train"].spec is None


def test_nodes_that_nobody_touched_stay_as_they_are():
    """An executed node above the one that is taken back keeps its state."""
    diary = begun()
    run(diary, "clean")
    answered(diary)
    diary.undo()
    assert diary.state.nodes["clean"].state is Lifecycle.EXECUTED


def test_what_the_world_configured_meanwhile_stays():
    """A file where files lie by convention is no answer, and nobody's to take back."""
    diary = begun()
    answered(diary)
    diary.land.files["workspace:input/judge/thing"] = True
    diary.land.found["judge"] = {"thing": "workspace:input/judge/thing"}
    say(diary, RecordWorld())
    assert diary.state.nodes["judge"].state is Lifecycle.AUTO_CONFIGURED
    (first, *_) = diary.undo()
    assert first.nodes == ("train",)
    assert diary.state.nodes["judge"].state is Lifecycle.AUTO_CONFIGURED


def test_undo_goes_past_a_run_and_leaves_its_outcomes():
    """Runs, outcomes and notes are no configuration."""
    diary = begun()
    before = configuration(diary.state)
    answered(diary)
    run(diary, "clean")
    run(diary, "train")
    diary.do(AddNote(text="looks good"))
    diary.undo()
    train = diary.state.nodes["train"]
    assert configuration(diary.state) == before
    assert train.state is Lifecycle.PENDING
    assert (train.last.outcome, train.passed.attempt) == ("passed", attempt_at("train"))
    assert diary.state.run.status == "passed"


def test_what_somebody_else_did_is_named_and_taken_back_on_purpose_only():
    """The refusal says who did what and at which version."""
    diary = begun()
    answered(diary, actor="bob")
    at = diary.state.actions[-1].version
    with pytest.raises(CommandRefusedError, match=rf"bob configured train \(version {at}\)") as no:
        diary.undo(actor="ann")
    assert "runthrough undo --anyone" in no.value.fix
    diary.undo(actor="ann", anyone=True)
    assert diary.state.nodes["train"].spec is None


def test_among_several_what_is_another_s_is_named():
    """One's own are not in the list; the way on keeps the version that was asked for."""
    diary = begun()
    to = diary.state.version
    answered(diary, actor="bob")
    say(diary, ConfirmConnections(targets=PROPOSED), "ann")
    with pytest.raises(CommandRefusedError, match="bob configured train") as no:
        diary.undo(to, actor="ann")
    assert "confirm" not in no.value.message
    assert f"--to {to} --anyone" in no.value.fix


def test_a_long_list_of_others_is_cut():
    """Three are told one by one, the rest by their number."""
    diary = begun()
    to = diary.state.version
    for depth in range(5):
        answered(diary, depth, "bob")
    with pytest.raises(CommandRefusedError, match="; and 2 more: that is not yours"):
        diary.undo(to, actor="ann")


def test_an_action_at_many_nodes_names_a_few_of_them():
    """What is typed next is not lost behind a thousand names."""
    nodes = dict.fromkeys(NodeName(f"n{number}") for number in range(7))
    action = Action(Version(4), Version(9), "bob", "ConnectionConfirmed", nodes, Version(5))
    assert told(action) == "bob connected n0, n1, n2, n3, n4 and 2 more (version 5)"


def test_an_undo_decided_on_what_is_past_is_refused():
    """Who acted between the look and the decision is named, and nothing is taken back."""
    diary = begun()
    answered(diary)
    late = diary.undoing(diary.state.actions[-1].version - 1)
    say(diary, ConfirmConnections(targets=PROPOSED), "bob")
    with pytest.raises(CommandRefusedError, match=r"bob connected judge .* meanwhile"):
        diary.do(late)


def test_an_undo_of_what_is_taken_back_already_is_refused():
    """Two who take back the same thing at once take it back once."""
    diary = begun()
    answered(diary)
    late = diary.undoing(diary.state.actions[-1].version - 1)
    diary.undo(actor="bob", anyone=True)
    with pytest.raises(CommandRefusedError, match="taken back already; the last was bob"):
        diary.do(late)


@pytest.mark.parametrize(
    ("to", "words"),
    [(0, "no version 0"), (-3, "no version -3"), (999, "not yet at 999")],
)
def test_a_version_that_is_none_is_refused(to, words):
    """Below the first and beyond the last."""
    diary = begun()
    answered(diary)
    with pytest.raises(CommandRefusedError, match=words):
        diary.undo(to)


def test_a_version_within_an_action_names_its_neighbours():
    """Nothing stood in between."""
    diary = begun()
    say(diary, configure("train", input_paths={"tidy": TIDY}, job_args={"depth": 1}))
    action = diary.state.actions[-1]
    assert action.until > action.version
    with pytest.raises(CommandRefusedError, match="within one action: ann configured train") as no:
        diary.undo(action.version)
    assert f"--to {action.version - 1} " in no.value.fix
    assert f"--to {action.until} " in no.value.fix


def test_there_is_nothing_to_undo_where_nobody_did_anything():
    """Neither at the start nor since the version that is named."""
    diary = begun()
    with pytest.raises(CommandRefusedError, match="nothing to undo"):
        diary.undo()
    answered(diary)
    with pytest.raises(CommandRefusedError, match=r"Nobody has changed .* since version"):
        diary.undo(diary.state.version)


def test_redo_is_refused_after_another_action():
    """What was done since is named."""
    diary = begun()
    answered(diary)
    diary.undo()
    say(diary, ConfirmConnections(targets=PROPOSED), "bob")
    with pytest.raises(CommandRefusedError, match=r"bob connected judge .*cannot be done again"):
        diary.redo()


def test_redo_is_refused_where_nothing_was_undone():
    """Neither before the first undo, nor when all is done again."""
    diary = begun()
    answered(diary)
    with pytest.raises(CommandRefusedError, match="Nothing was undone"):
        diary.redo()
    diary.undo()
    diary.redo()
    with pytest.raises(CommandRefusedError, match="Nothing was undone"):
        diary.redo()


def test_a_redo_decided_on_what_is_past_is_refused():
    """Somebody took back more meanwhile."""
    diary = begun()
    answered(diary)
    answered(diary, 4)
    diary.undo()
    late = diary.redoing()
    diary.undo(actor="bob", anyone=True)
    with pytest.raises(CommandRefusedError, match="bob took something back meanwhile"):
        diary.do(late)


def test_redo_goes_past_runs_notes_and_looks():
    """Only another action forbids it."""
    diary = begun()
    answered(diary)
    stood = configuration(diary.state)
    diary.undo()
    run(diary, "clean")
    diary.do(AddNote(text="no"))
    say(diary, RecordWorld())
    diary.redo()
    assert configuration(diary.state) == stood


def test_an_input_that_is_gone_makes_it_a_draft_until_it_is_back():
    """What a person answered is kept, and holds again by itself."""
    diary = begun()
    say(diary, configure("clean", input_paths={"raw": TIDY}, user_notes="mine"))
    say(diary, configure("clean", input_paths={"raw": RAW}))
    diary.land.files[TIDY] = False
    diary.undo()
    clean = diary.state.nodes["clean"]
    assert [need.code for need in clean.needs] == ["INPUT_NOT_FOUND"]
    assert (clean.draft.input_paths, clean.draft.user_notes) == ({"raw": TIDY}, "mine")
    diary.land.files[TIDY] = True
    say(diary, RecordWorld())
    clean = diary.state.nodes["clean"]
    assert (clean.state, clean.configured_by) == (Lifecycle.CONFIGURED, "person")
    assert clean.spec.input_paths == {"raw": TIDY}


def test_what_was_found_without_a_person_waits_for_its_input():
    """An automatic configuration whose input is gone is pending, and automatic again later."""
    diary = begun()
    say(diary, configure("clean", input_paths={"raw": TIDY}))
    diary.land.files[RAW] = False
    diary.undo()
    assert diary.state.nodes["clean"].state is Lifecycle.PENDING
    diary.land.files[RAW] = True
    say(diary, RecordWorld())
    assert diary.state.nodes["clean"].state is Lifecycle.AUTO_CONFIGURED


def test_undo_after_a_look_demoted_another_node_leaves_that_alone():
    """What the world did is nobody's action, and is not taken back."""
    diary = begun()
    say(diary, configure("clean", user_notes="mine"))
    answered(diary)
    diary.land.files[RAW] = False
    say(diary, RecordWorld())
    (first, *_) = diary.undo()
    assert first.nodes == ("train",)
    clean = diary.state.nodes["clean"]
    assert (clean.state, clean.draft.user_notes) == (Lifecycle.PENDING, "mine")


def test_undo_of_a_node_that_a_look_demoted_meanwhile():
    """Back where the file was not yet asked for, it stands again."""
    diary = begun()
    before = configuration(diary.state)
    say(diary, configure("clean", input_paths={"raw": TIDY}))
    diary.land.files[TIDY] = False
    say(diary, RecordWorld())
    diary.undo()
    assert configuration(diary.state) == before


def test_a_script_that_is_gone_is_told():
    """The binding that is brought back has no file: the node is pending for it, with its draft."""
    diary = begun()
    answered(diary)
    say(diary, BindScript(node="train", path=OTHER.path))
    say(diary, BindScript(node="train", path=TRAIN.path))
    del diary.land.scripts[OTHER.path]
    diary.undo()
    train = diary.state.nodes["train"]
    assert [need.code for need in train.needs] == ["SCRIPT_NOT_FOUND"]
    assert train.draft.job_args == {"depth": 3}
    assert train.script is None


def test_a_bound_script_that_stays_bound_and_is_gone_keeps_its_place():
    """Only its answers were taken back; it is found again when it is there again."""
    diary = begun()
    say(diary, BindScript(node="train", path=OTHER.path))
    say(diary, configure("train", user_notes="mine"))
    told = diary.land.scripts.pop(OTHER.path)
    diary.undo()
    train = diary.state.nodes["train"]
    assert (train.script.path, train.bound) == (OTHER.path, True)
    assert [need.code for need in train.needs] == ["SCRIPT_NOT_FOUND"]
    diary.land.scripts[OTHER.path] = told
    say(diary, RecordWorld())
    assert diary.state.nodes["train"].needs == ()


OLD, NEW = (part("input", "raw", "1"),), (part("input", "raw", "2"),)


def accepted(diary):
    """`clean` passed, its input changed, and a person lets that stand."""
    run(diary, "clean", OLD)
    diary.write(ReuseAccepted(node=NodeName("clean"), fingerprint=NEW), actor="ann")


def test_an_acceptance_is_taken_back_and_made_again():
    """The attempt counts as having depended on what it did; the node's state is as it was."""
    diary = begun()
    accepted(diary)
    first, event = diary.undo()
    assert first.nodes == ()
    assert event == ReuseAccepted(node=NodeName("clean"), fingerprint=OLD, taken_back=True)
    assert diary.state.nodes["clean"].passed.fingerprint == OLD
    assert diary.state.nodes["clean"].state is Lifecycle.EXECUTED
    (_, again) = diary.redo()
    assert again == ReuseAccepted(node=NodeName("clean"), fingerprint=NEW)
    assert diary.state.nodes["clean"].passed.fingerprint == NEW


def test_an_acceptance_of_an_earlier_attempt_says_nothing_of_a_later_one():
    """What passed since was never accepted, so that nothing is taken back of it."""
    diary = begun()
    accepted(diary)
    run(diary, "clean", NEW, attempt="attempt-later")
    events = diary.undo()
    assert [event.type for event in events] == ["ConfigurationReverted"]
    assert diary.state.nodes["clean"].passed.fingerprint == NEW


def test_in_a_fork_an_undo_stops_at_the_fork():
    """What was done before is the parent's."""
    diary = begun()
    answered(diary)
    at = diary.state.version
    diary.write(*decide(ForkSession(parent="parent", at=at, name="fork"), diary.state))
    with pytest.raises(CommandRefusedError, match="since the fork"):
        diary.undo()
    for to in (at - 1, at):
        with pytest.raises(CommandRefusedError, match=f"fork of version {at}") as no:
            diary.undo(to)
        assert f"--to {at + 1} " in no.value.fix
    begun_with = configuration(diary.state)
    answered(diary, 5)
    diary.undo(at + 1)
    assert configuration(diary.state) == begun_with


WIDER = pipeline(
    ("clean", "learn"),
    ("learn", "judge"),
    ("clean", "other"),
    clean=NodeDeclaration(inputs={"raw": RAW}, environ_vars={"LOUD": "yes"}),
    learn=NodeDeclaration(job_args={"depth": 1}),
    other=NodeDeclaration(outputs={"model": OUT}),
)


def updated(diary, declared, renamed, actor="ann"):
    """Another pipeline under the session."""
    diary.land.named["other"] = OTHER.path
    called = {renamed.get(node, node): there for node, there in diary.state.nodes.items()}
    scripts = {node: called[node].script if node in called else None for node in declared.nodes}
    world = diary.land.look({node: script and script.path for node, script in scripts.items()})
    events = diary.do(UpdatePipeline(pipeline=declared, renamed=renamed, facts=world), actor)
    return next(event for event in events if isinstance(event, PipelineChanged))


def test_another_pipeline_is_taken_back():
    """Names, edges, declared values, added and removed nodes are as they were; and again."""
    diary = begun()
    answered(diary)
    say(diary, ConfirmConnections(targets=PROPOSED))
    old = configuration(diary.state)
    change = updated(diary, WIDER, {NodeName("train"): NodeName("learn")})
    assert (change.added, change.removed) == (("other",), ())
    assert change.changed == ("clean", "learn")
    first, second, *_ = diary.undo()
    assert (first.type, second.type) == ("ConfigurationReverted", "PipelineChanged")
    assert (second.removed, second.renamed) == (("other",), {"learn": "train"})
    assert configuration(diary.state) == old
    assert list(diary.state.nodes) == ["clean", "train", "judge"]
    diary.redo()
    assert diary.state.pipeline == WIDER
    assert diary.state.nodes["learn"].configured_by == "person"
    assert diary.state.connections["judge"]["thing"].source == Output("learn", "model")


def test_a_node_that_was_removed_comes_back_with_its_answers():
    """Also what it fed is fed again."""
    diary = begun()
    answered(diary)
    say(diary, ConfirmConnections(targets=PROPOSED))
    old = configuration(diary.state)
    smaller = pipeline(("clean", "judge"), clean=DECLARED.nodes["clean"])
    updated(diary, smaller, {})
    assert "train" not in diary.state.nodes
    diary.undo()
    assert configuration(diary.state) == old


def test_what_fed_a_node_that_comes_and_goes_is_left_alone():
    """An edge is its end's own: the node above is not decided again, and stays run."""
    diary = begun()
    run(diary, "clean")
    smaller = pipeline(("train", "judge"), clean=DECLARED.nodes["clean"])
    assert updated(diary, smaller, {}).changed == ("train",)
    assert diary.state.nodes["clean"].state is Lifecycle.EXECUTED
    (first, *_) = diary.undo()
    assert first.nodes == ("train",)
    assert diary.state.nodes["clean"].state is Lifecycle.EXECUTED


def test_a_connection_against_the_edges_of_then_goes_first():
    """Going back to a pipeline whose edges run the other way makes no cycle."""
    diary = begun()
    old = configuration(diary.state)
    turned = pipeline(("clean", "judge"), ("judge", "train"), clean=DECLARED.nodes["clean"])
    to = diary.state.version
    updated(diary, turned, {})
    say(diary, Connect(node="train", input="tidy", source=Output("judge", "report")))
    types = [event.type for event in diary.undo(to)]
    assert types[1:3] == ["ConnectionRemoved", "PipelineChanged"]
    assert configuration(diary.state) == old


def test_an_external_node_keeps_its_answers_while_the_pipeline_goes_back():
    """They wait for the day when it runs its script again."""
    diary = begun()
    say(diary, configure("clean", user_notes="mine"))
    say(diary, MarkExternal(node="clean", outputs={"tidy": TIDY}))
    old = configuration(diary.state)
    updated(diary, pipeline(("clean", "judge"), clean=NodeDeclaration()), {})
    diary.undo()
    assert configuration(diary.state) == old
    say(diary, MarkInternal(node="clean"))
    assert diary.state.nodes["clean"].spec.user_notes == "mine"


@pytest.mark.parametrize("notes", [None, "mine"])
def test_an_external_node_that_was_removed_comes_back(notes):
    """With what had been answered for it."""
    diary = begun()
    if notes:
        say(diary, configure("clean", user_notes=notes))
    say(diary, MarkExternal(node="clean", outputs={"tidy": TIDY}))
    old = configuration(diary.state)
    updated(diary, pipeline(("train", "judge")), {})
    diary.undo()
    assert configuration(diary.state) == old


def test_what_the_pipeline_says_is_external_stays_so():
    """Nothing happens to it while edges and outputs of the pipeline go back."""
    given = NodeDeclaration(external=True, outputs={"tidy": TIDY})
    diary = Diary(land())
    declared = pipeline(("given", "train"), given=given)
    diary.do(start(declared, diary.land.look({"train": None})))
    old = configuration(diary.state)
    for wider in (
        pipeline(("given", "train"), ("given", "judge"), given=given),
        pipeline(
            ("given", "train"),
            given=NodeDeclaration(external=True, outputs={"tidy": TIDY, "rest": OUT}),
        ),
    ):
        updated(diary, wider, {})
        (first, *events) = diary.undo()
        declared_otherwise = wider.nodes["given"] != given
        assert ("given" in first.nodes) is declared_otherwise
        marked = [event.type for event in events].count("NodeMarkedExternal")
        assert marked == declared_otherwise
        assert configuration(diary.state) == old


def answered_so_often(diary, times):
    """Far more than anybody asks one by one, without deciding each."""
    answered(diary)
    spec = diary.state.nodes["train"].spec
    for depth in range(1, times):
        other = spec.model_copy(update={"job_args": {"depth": depth}})
        diary.write(ScriptConfigured(node=NodeName("train"), spec=other, evidence=()))


def test_going_far_back_where_no_action_is_known_needs_anyone():
    """What differs may be what others did, and their names are not known any more."""
    diary = begun()
    to = diary.state.version
    answered_so_often(diary, ACTIONS_KEPT + 1)
    diary.undo(diary.state.actions[0].version - 1)
    assert not diary.state.actions
    assert diary.state.nodes["train"].spec is not None
    with pytest.raises(CommandRefusedError, match="no action since then is known") as refused:
        diary.undo(to)
    assert refused.value.fix.startswith(f"runthrough undo --to {to} --anyone")
    diary.undo(to, anyone=True)
    assert configuration(diary.state) == configuration(diary.as_of(to))


def test_an_approval_is_left_to_the_log():
    """Deciding changes nothing of it; what is recorded then says since when it does not hold."""
    diary = begun()
    answered(diary)
    diary.write(VersionApproved(version=diary.state.version, fingerprints={}), actor="bob")
    diary.undo()
    assert list(diary.state.approval.since) == ["train"]


def test_a_name_that_was_given_on_is_not_taken_for_the_same_node():
    """A renamed node takes the name of one that is gone: each comes back as itself."""
    diary = begun()
    answered(diary)
    say(diary, configure("clean", user_notes="mine"))
    old = configuration(diary.state)
    to = diary.state.version
    updated(diary, pipeline(("clean", "judge"), clean=DECLARED.nodes["clean"]), {})
    turned = pipeline(("train", "judge"), train=DECLARED.nodes["clean"])
    updated(diary, turned, {NodeName("clean"): NodeName("train")})
    assert diary.state.nodes["train"].spec.user_notes == "mine"
    again = pipeline(("clean", "train"), ("train", "judge"), train=DECLARED.nodes["clean"])
    updated(diary, again, {})
    (change,) = (e for e in diary.undo(to) if isinstance(e, PipelineChanged))
    assert (change.renamed, change.removed) == ({"train": "clean"}, ("clean",))
    assert change.added == ("train",)
    assert configuration(diary.state) == old


def test_who_did_what_long_ago_is_not_guessed():
    """Beyond the actions that are kept one by one it has to be said that others' may be among."""
    diary = begun()
    to = diary.state.version
    answered_so_often(diary, ACTIONS_KEPT + 1)
    assert len(diary.state.actions) == ACTIONS_KEPT
    with pytest.raises(CommandRefusedError, match="not known here one by one"):
        diary.undo(to)
    diary.undo(to, anyone=True)
    assert diary.state.nodes["train"].spec is None


def test_what_stood_is_the_same_by_the_house_s_own_measure():
    """`same` calls what is brought back the same, whether or not the world lets it hold."""
    diary = begun()
    answered(diary)
    then = standing(diary.state)
    diary.land.files[RAW] = False
    say(diary, ClearConfiguration(node="train"))
    say(diary, RecordWorld())
    diary.undo()
    now = standing(diary.state)
    assert all(same(now.nodes[node], then.nodes[node]) for node in then.nodes)


def test_a_closed_session_takes_nothing_back():
    """Its history stays what it is."""
    diary = begun()
    answered(diary)
    diary.do(CloseSession())
    with pytest.raises(SessionClosedError):
        diary.undo()
