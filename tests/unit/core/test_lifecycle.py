"""The tables of the lifecycle."""

import pytest

from runthrough.core.commands import Command
from runthrough.core.lifecycle import (
    ABSENT,
    DESTINATIONS,
    LEADS_TO,
    PERMISSIONS,
    TRANSITIONS,
    Lifecycle,
    Phase,
    allowed,
    machine,
    permitted,
)
from runthrough.core.values.ids import NodeName

STATES = (ABSENT, *(state.value for state in Lifecycle))
TRIGGERS = tuple(trigger for trigger, _, _ in TRANSITIONS)

EVERY = {"discovered", "auto_configured", "pending", "configured", "executed"}
DESIGN = {
    "discover": ({"absent"} | EVERY, "discovered"),
    "clear": ({"auto_configured", "pending", "configured", "executed"}, "discovered"),
    "leave": ({"absent"} | EVERY, "absent"),
    "auto_configure": (
        {"discovered", "auto_configured", "pending", "executed"},
        "auto_configured",
    ),
    "require_configuration": (EVERY, "pending"),
    "configure": (EVERY, "configured"),
    "draft": ({"discovered", "pending"}, "pending"),
    "restore_auto": ({"pending"}, "auto_configured"),
    "restore_configured": ({"pending"}, "configured"),
    "execute": ({"auto_configured", "configured", "executed"}, "executed"),
}


def test_the_table_is_that_of_the_design():
    """Every row of the design, with ADR 20, stands in the table, and no other."""
    assert {trigger: (set(sources), dest) for trigger, sources, dest in TRANSITIONS} == DESIGN


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_the_look_up_is_the_state_machine(state, trigger):
    """For every state and trigger, replay's look-up says what the state machine says."""
    found = machine().get_transitions(trigger, state)
    assert [transition.dest for transition in found] == (
        [DESTINATIONS[state, trigger]] if (state, trigger) in DESTINATIONS else []
    )


@pytest.mark.parametrize("state", [None, *Lifecycle])
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_what_is_allowed_is_what_the_look_up_knows(state, trigger):
    """A decision may do exactly what the table has a row for."""
    assert allowed(state, trigger) == ((state or ABSENT, trigger) in DESTINATIONS)


def test_the_machine_has_no_transitions_of_its_own():
    """No `to_STATE` triggers: the rows are all there is."""
    assert set(machine().events) == set(TRIGGERS)
    assert set(machine().states) == set(STATES)


def test_every_trigger_leads_to_one_state():
    """Wherever a trigger comes from, it leads to the same place."""
    assert len(TRIGGERS) == len(set(TRIGGERS))
    assert all(LEADS_TO[trigger] == dest for (_, trigger), dest in DESTINATIONS.items())


ON_NODES = (
    "configure",
    "connect",
    "confirm",
    "reject",
    "disconnect",
    "bind",
    "external",
    "internal",
    "clear",
)


def test_the_phase_table_is_that_of_the_design():
    """Each verb is allowed while a session is open, running, closed as the design says."""
    assert {
        **dict.fromkeys((*ON_NODES, "accept"), ("yes", "outside_plan", "no")),
        "cancel": ("yes", "yes", "no"),
        "run": ("yes", "holder", "no"),
        "resume": ("yes", "yes", "yes"),
        **dict.fromkeys(("undo", "redo", "update", "close"), ("yes", "no", "no")),
        **dict.fromkeys(("note", "fork"), ("yes", "yes", "yes")),
        **dict.fromkeys(("rename", "approve"), ("yes", "yes", "no")),
        "archive": ("no", "no", "yes"),
        "reopen": ("no", "no", "yes"),
    } == PERMISSIONS


def test_every_verb_but_the_first_has_its_row():
    """Whoever adds a command is asked when it is allowed."""
    assert {command.verb for command in Command.__args__} == {"new", "audit import", *PERMISSIONS}


@pytest.mark.parametrize(
    ("verb", "phase", "node", "expected"),
    [
        ("configure", Phase.OPEN, "a", True),
        ("configure", Phase.RUNNING, "a", False),
        ("configure", Phase.RUNNING, "b", True),
        ("configure", Phase.CLOSED, "b", False),
        ("run", Phase.RUNNING, None, False),
        ("resume", Phase.CLOSED, None, True),
        ("close", Phase.RUNNING, None, False),
        ("reopen", Phase.OPEN, None, False),
    ],
)
def test_what_a_phase_permits(verb, phase, node, expected):
    """While a run is on, only nodes outside its plan may be configured."""
    nodes = (NodeName(node),) if node else ()
    assert permitted(verb, phase, nodes, frozenset({NodeName("a")})) is expected
