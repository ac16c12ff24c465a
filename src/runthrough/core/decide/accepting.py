"""A person lets a passed attempt stand although what it depended on has changed."""

from runthrough.core.commands import AcceptUnchanged
from runthrough.core.decide.guards import scripted
from runthrough.core.events import Event, ReuseAccepted
from runthrough.core.staleness import differences, fingerprint, output_changes
from runthrough.core.state import SessionState
from runthrough.core.validation.words import command as to_type
from runthrough.core.values.facts import NodeFacts
from runthrough.errors import CommandRefusedError


def accept_unchanged(command: AcceptUnchanged, state: SessionState) -> tuple[Event, ...]:
    """Take what is there now for what the last passed attempt depended on.

    Raises:
        UnknownNodeError: No node has that name.
        CommandRefusedError: The node has nothing that could stand: no passed attempt, a later
            one that failed, no accepted configuration, outputs that are not as it left them, an
            input that is gone; or nothing has changed.
    """
    node, there = command.node, scripted(state, command.node)
    run = to_type("run", node)
    if there.passed is None:
        raise CommandRefusedError(f"{node} has not passed yet, so nothing can stand.", fix=run)
    if there.last is not None and there.last.outcome != "passed":
        raise CommandRefusedError(
            f"The last attempt at {node} did not pass, so nothing can stand.", fix=run
        )
    facts = command.facts.get(node, NodeFacts())
    present = fingerprint(state, node, facts)
    if present is None:
        raise CommandRefusedError(
            f"{node} cannot run as it is, so what it depends on cannot be told.",
            fix="runthrough status shows what it waits for",
        )
    if changed := output_changes(state, node, facts):
        names = ", ".join(change.name for change in changed)
        raise CommandRefusedError(
            f"What {node} left is not there as it was: {names}. Only a run makes it again.",
            fix=run,
        )
    changes = differences(there.passed.fingerprint, present)
    absent = {part.name for part in present if part.part == "input" and part.value is None}
    if gone := [c.name for c in changes if c.part == "input" and c.name in absent]:
        raise CommandRefusedError(
            f"What {node} takes is not there: {', '.join(gone)}. Put it back, or configure {node} "
            "without it.",
            fix="runthrough status shows what it waits for",
        )
    if not changes:
        raise CommandRefusedError(
            f"Nothing that {node} depends on has changed, so there is nothing to accept.",
            fix=to_type("why", node),
        )
    return (ReuseAccepted(node=node, fingerprint=present),)
