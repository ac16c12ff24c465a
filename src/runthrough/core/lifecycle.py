"""Node states and session phases, as plain rows: the only source of truth (DESIGN § 2).

The `transitions` Machine that decisions ask, the look-up that replay uses and the diagram in the
docs are all made from these rows.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from runthrough.core.values.ids import NodeName

if TYPE_CHECKING:
    from transitions import Machine


class Lifecycle(StrEnum):
    """The state of one node's configuration."""

    DISCOVERED = "discovered"
    AUTO_CONFIGURED = "auto_configured"
    PENDING = "pending"
    CONFIGURED = "configured"
    EXECUTED = "executed"


ABSENT = "absent"
"""Where a node stands that has no lifecycle: not discovered yet, external, or removed."""

_D, _A, _P, _C, _E = (state.value for state in Lifecycle)
_EVERY = (_D, _A, _P, _C, _E)

Trigger = Literal[
    "discover",
    "clear",
    "leave",
    "auto_configure",
    "require_configuration",
    "configure",
    "draft",
    "restore_auto",
    "restore_configured",
    "execute",
]

TRANSITIONS: tuple[tuple[Trigger, tuple[str, ...], str], ...] = (
    ("discover", (ABSENT, *_EVERY), _D),
    ("clear", (_A, _P, _C, _E), _D),
    ("leave", (ABSENT, *_EVERY), ABSENT),
    ("auto_configure", (_D, _A, _P, _E), _A),
    ("require_configuration", _EVERY, _P),
    ("configure", _EVERY, _C),
    ("draft", (_D, _P), _P),
    ("restore_auto", (_P,), _A),
    ("restore_configured", (_P,), _C),
    ("execute", (_A, _C, _E), _E),
)
"""Trigger, the states it may come from, the state it leads to."""

DESTINATIONS: Mapping[tuple[str, str], str] = {
    (source, trigger): dest for trigger, sources, dest in TRANSITIONS for source in sources
}
"""`(state, trigger) → state`: what replay and tests look up."""

LEADS_TO: Mapping[str, str] = {trigger: dest for trigger, _, dest in TRANSITIONS}
"""Every trigger leads to one state wherever it comes from, so replay can trust the event."""


@lru_cache(maxsize=1)
def machine() -> "Machine":
    """The one state machine of all nodes, built when the first decision asks."""
    from transitions import Machine  # noqa: PLC0415 - importing it is not free

    return Machine(
        model=None,
        states=[ABSENT, *_EVERY],
        transitions=[
            {"trigger": trigger, "source": list(sources), "dest": dest}
            for trigger, sources, dest in TRANSITIONS
        ],
        initial=ABSENT,
        auto_transitions=False,
    )


def allowed(state: Lifecycle | None, trigger: Trigger) -> bool:
    """Whether the state machine lets `trigger` happen in `state`."""
    return bool(machine().get_transitions(trigger, state.value if state else ABSENT))


class Phase(StrEnum):
    """What a session as a whole is doing."""

    OPEN = "open"
    RUNNING = "running"
    CLOSED = "closed"


Permission = Literal["yes", "outside_plan", "holder", "no"]
"""`outside_plan`: for nodes that the present run does not touch. `holder`: while a run is on,
refused when its holder lives, else the run is taken over."""

PERMISSIONS: Mapping[str, tuple[Permission, Permission, Permission]] = {
    "configure": ("yes", "outside_plan", "no"),
    "connect": ("yes", "outside_plan", "no"),
    "confirm": ("yes", "outside_plan", "no"),
    "reject": ("yes", "outside_plan", "no"),
    "disconnect": ("yes", "outside_plan", "no"),
    "bind": ("yes", "outside_plan", "no"),
    "external": ("yes", "outside_plan", "no"),
    "internal": ("yes", "outside_plan", "no"),
    "clear": ("yes", "outside_plan", "no"),
    "accept": ("yes", "outside_plan", "no"),
    "run": ("yes", "holder", "no"),
    "resume": ("yes", "yes", "yes"),
    "cancel": ("yes", "yes", "no"),
    "undo": ("yes", "no", "no"),
    "redo": ("yes", "no", "no"),
    "update": ("yes", "no", "no"),
    "note": ("yes", "yes", "yes"),
    "fork": ("yes", "yes", "yes"),
    "rename": ("yes", "yes", "no"),
    "approve": ("yes", "yes", "no"),
    "close": ("yes", "no", "no"),
    "reopen": ("no", "no", "yes"),
    "archive": ("no", "no", "yes"),
}
"""Which command is allowed while the session is open, running, closed (DESIGN § 2).

A move of the home has the verb `resume`, and is refused by its decision while a tester lives."""


def permitted(
    verb: str, phase: Phase, nodes: Collection[NodeName], plan: frozenset[NodeName]
) -> bool:
    """Whether a command of that verb may be decided now; `plan` holds the present run's nodes."""
    permission = PERMISSIONS[verb][tuple(Phase).index(phase)]
    outside = bool(nodes) and plan.isdisjoint(nodes)
    return permission == "yes" or (permission == "outside_plan" and outside)
