"""What counts as something that a person did, and what of it was taken back."""

from dataclasses import replace

import pytest
from tests.support.builders import SESSION, envelope, metadata, missing, pipeline, script_info
from tests.support.builders import session_started as started_on

from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import (
    ConfigurationCleared,
    ConfigurationDrafted,
    ConfigurationReverted,
    ConnectionConfirmed,
    ConnectionRejected,
    NodeDiscovered,
    NodeMarkedExternal,
    NodeMarkedInternal,
    NoteAdded,
    PipelineChanged,
    ReuseAccepted,
    ScriptBound,
    ScriptConfigured,
    ScriptMarkedPending,
    SessionForked,
    WorldChanged,
)
from runthrough.core.evolve import evolve
from runthrough.core.evolve.actions import ACTIONS_KEPT
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.state import Action, SessionState, TakenBack
from runthrough.core.values.facts import WorldChange
from runthrough.core.values.specs import ScriptSpec

SPEC = ScriptSpec(job_args={"n": 1})
STARTED = started_on(pipeline(("clean", "train")))
FOUND = NodeDiscovered(node="clean", script=script_info())
EXTERNAL = NodeMarkedExternal(node="clean", outputs={"o": "workspace:o"})
CONFIGURED = ScriptConfigured(node="clean", spec=SPEC, evidence=())
PENDING = ScriptMarkedPending(node="train", needs=(missing("train", "data"),), draft=SPEC)
CHANGED = WorldChanged(node="clean", changes=(WorldChange(name="a", old="b", new="c"),))
WIRE = {"node": "train", "input": "data", "from_node": "clean", "output": "o", "reason": "said"}
BY_A_PERSON = (
    PipelineChanged(pipeline=pipeline(("clean", "train")), changed=("clean",)),
    ScriptBound(node="clean", script=script_info()),
    EXTERNAL,
    NodeMarkedInternal(node="clean"),
    ConnectionConfirmed(**WIRE),
    ConnectionRejected(**WIRE),
    ConfigurationDrafted(node="clean", draft=SPEC, needs=()),
    CONFIGURED,
    ConfigurationCleared(node="clean"),
    ReuseAccepted(node="clean", fingerprint=()),
)


def folded(*commands, actor="ann"):
    """A session in which each tuple of events was left by one command; the first starts it."""
    state = SessionState(SESSION)
    for number, events in enumerate(commands):
        for event in events:
            told = envelope(event, state.version + 1)
            by = replace(
                metadata(state.version + 1, actor), command_id=f"command of step {number}"
            )
            evolve(state, replace(told, metadata=by))
    return state


def reverted(to, *versions, nodes=("clean",)):
    """What an undo, or a redo, leaves first."""
    return ConfigurationReverted(to_version=to, versions=versions, nodes=nodes)


@pytest.mark.parametrize("event", BY_A_PERSON, ids=lambda event: event.type)
def test_what_a_person_asks_for_is_an_action(event):
    """It is known by its first and last version, its actor, its kind and its nodes."""
    state = folded((STARTED, FOUND), (event,))
    (action,) = state.actions
    assert (action.version, action.until, action.actor, action.type) == (3, 3, "ann", event.type)
    assert set(action.nodes) <= {"clean", "train"}
    assert action.nodes


@pytest.mark.parametrize(
    "event",
    [
        PENDING,
        CHANGED,
        NoteAdded(text="x"),
        CONFIGURED.model_copy(update={"adjusted": True}),
        ConnectionConfirmed(**WIRE, adjusted=True),
    ],
    ids=lambda event: event.type,
)
def test_what_follows_from_the_world_is_no_action(event):
    """Nobody asked for it, so nobody takes it back."""
    assert folded((STARTED, FOUND), (event,)).actions == []


def test_what_the_pipeline_says_at_the_start_is_no_action():
    """An external node is marked so by the file, not by a person."""
    assert folded((STARTED, EXTERNAL, CONFIGURED)).actions == []


def test_all_events_of_one_command_are_one_action():
    """Also what comes before and behind the event that a person asked for."""
    state = folded((STARTED, FOUND), (CHANGED,), (CHANGED, CONFIGURED, PENDING), (PENDING,))
    (action,) = state.actions
    assert (action.version, action.until, action.type) == (4, 6, "ScriptConfigured")
    assert list(action.nodes) == ["clean", "train"]


def test_an_action_that_left_many_events_is_folded_in_the_time_of_each():
    """Its nodes are added to, and not copied with each event that the command left."""
    state = folded((STARTED, FOUND), (CONFIGURED,))
    nodes = state.actions[-1].nodes
    evolve(
        state,
        replace(
            envelope(PENDING, 4), metadata=replace(metadata(4), command_id="command of step 1")
        ),
    )
    assert state.actions[-1].nodes is nodes
    assert list(nodes) == ["clean", "train"]


def test_what_only_unfolds_leaves_the_actions_of_its_session_alone():
    """A decision looks ahead on a state of its own, and ahead of that on another."""
    ahead = Unfolding.over(folded((STARTED, FOUND)))
    ahead.happen(CONFIGURED)
    further = Unfolding.over(ahead.state)
    further.happen(PENDING)
    assert list(further.state.actions[-1].nodes) == ["clean", "train"]
    assert list(ahead.state.actions[-1].nodes) == ["clean"]


def test_two_commands_are_two_actions():
    """The later one is taken back first."""
    state = folded((STARTED, FOUND), (CONFIGURED,), (ConfigurationCleared(node="clean"),))
    assert [action.version for action in state.actions] == [3, 4]


def test_an_undo_takes_actions_away_until_they_are_done_again():
    """What brings the old configuration back is no action of its own, and neither is the redo."""
    undone = folded((STARTED, FOUND), (CONFIGURED,), (reverted(2, 3), CONFIGURED))
    action = Action(3, 3, "ann", "ScriptConfigured", {"clean": None}, told_at=3)
    assert undone.actions == []
    assert undone.taken_back == [TakenBack(4, "ann", (action,))]
    redone = folded(
        (STARTED, FOUND), (CONFIGURED,), (reverted(2, 3),), (reverted(3, 4), CONFIGURED)
    )
    assert (redone.actions, redone.taken_back) == ([action], [])


def test_undos_one_after_another_are_done_again_in_reverse():
    """The last undo is redone first."""
    steps = [(STARTED, FOUND), (CONFIGURED,), (CONFIGURED,), (reverted(3, 4),), (reverted(2, 3),)]
    assert [undo.version for undo in folded(*steps).taken_back] == [5, 6]
    once = folded(*steps, (reverted(5, 6),))
    assert [undo.version for undo in once.taken_back] == [5]
    assert [action.version for action in once.actions] == [3]


def test_an_undo_to_a_version_takes_several_actions_together():
    """One redo brings all of them back."""
    steps = [(STARTED, FOUND), (CONFIGURED,), (CONFIGURED,), (reverted(2, 3, 4),)]
    assert [a.version for a in folded(*steps).taken_back[0].actions] == [3, 4]
    again = folded(*steps, (reverted(4, 5),))
    assert [action.version for action in again.actions] == [3, 4]


def test_a_new_action_ends_what_could_be_done_again():
    """A look at the world does not."""
    steps = [(STARTED, FOUND), (CONFIGURED,), (reverted(2, 3),)]
    assert folded(*steps, (CHANGED, PENDING)).taken_back
    assert folded(*steps, (CONFIGURED,)).taken_back == []


def test_only_the_newest_actions_are_kept():
    """State stays small however long a session lives."""
    state = folded((STARTED, FOUND), *((CONFIGURED,) for _ in range(ACTIONS_KEPT + 5)))
    assert len(state.actions) == ACTIONS_KEPT
    assert state.actions[0].version == 8


def test_a_reverted_node_is_cleared_and_an_external_one_stays_so():
    """What the old configuration was, the events behind it say."""
    state = folded((STARTED, FOUND), (CONFIGURED,), (reverted(2, 3),))
    node = state.nodes["clean"]
    assert (node.state, node.spec, node.configured_by) == (Lifecycle.DISCOVERED, None, None)
    outside = folded((STARTED, EXTERNAL), (reverted(2, 3),)).nodes["clean"]
    assert (outside.state, outside.external, outside.draft) == (None, True, None)


def test_a_fork_begins_without_what_could_be_taken_back():
    """An undo stops at the fork point."""
    state = folded((STARTED, FOUND), (CONFIGURED,), (SessionForked(parent="p", at=3, name="f"),))
    assert (state.actions, state.taken_back, state.forked_at) == ([], [], 3)
