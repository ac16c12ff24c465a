"""Single values taken back: each becomes what the pipeline says of it, or nothing again."""

from collections.abc import Iterable, Mapping

from runthrough.core.commands import ConfigureScript
from runthrough.core.decide.surroundings import base_spec, initial_spec
from runthrough.core.names import nearest
from runthrough.core.state import SessionState
from runthrough.core.validation.words import command as to_type
from runthrough.core.values.ids import NodeName
from runthrough.core.values.specs import ScriptSpec
from runthrough.errors import CommandRefusedError

_PARTS: Mapping[str, str] = {
    "input": "input_paths",
    "output": "output_paths",
    "env": "environ_vars",
    "arg": "job_args",
}
"""First part of a name, as `show` and `history` tell it → the mapping that holds it."""
_SINGLE = ("timeout_s", "user_notes", "python")
_LIMIT = "limit"


def kept_spec(state: SessionState, command: ConfigureScript) -> ScriptSpec:
    """What the answers are merged over: what is there, without what the command takes back.

    Raises:
        CommandRefusedError: There is no such value, the pipeline file says it, or it is given
            and taken back at once.
    """
    node = command.node
    base = base_spec(state, node)
    if not command.unset:
        return base
    declared = initial_spec(state, node)
    held = _names(base)
    for name in dict.fromkeys(command.unset):
        if name not in held:
            raise _not_there(state, node, name, held)
        if name in _given(command):
            raise CommandRefusedError(
                f"{name} of {node} is given and taken back in one command.",
                fix="say one of the two",
            )
        without = _without(base, declared, name)
        if without == base:
            raise CommandRefusedError(
                f"{name} of {node} is what the pipeline file says, so there is no answer to take "
                "back.",
                fix="change it in the file, then: runthrough update",
            )
        base = without
    return base


def _without(spec: ScriptSpec, declared: ScriptSpec, name: str) -> ScriptSpec:
    """A configuration in which one value is the declared one, or not there."""
    kind, _, own = name.partition(".")
    if name in _SINGLE:
        return spec.model_copy(update={name: getattr(declared, name)})
    if kind == _LIMIT:
        limits = spec.limits.model_copy(update={own: getattr(declared.limits, own)})
        return spec.model_copy(update={"limits": limits})
    part = _PARTS[kind]
    values = {n: value for n, value in getattr(spec, part).items() if n != own}
    said = getattr(declared, part)
    return spec.model_copy(update={part: {**values, **({own: said[own]} if own in said else {})}})


def _names(spec: ScriptSpec) -> tuple[str, ...]:
    """The values that a configuration holds, by the names that people are told."""
    return (
        *(f"{kind}.{name}" for kind, part in _PARTS.items() for name in getattr(spec, part)),
        *(name for name in _SINGLE if getattr(spec, name) is not None),
        *(f"{_LIMIT}.{name}" for name in spec.limits.model_dump(exclude_none=True)),
    )


def _given(command: ConfigureScript) -> Iterable[str]:
    parts = {kind: getattr(command, part) or {} for kind, part in _PARTS.items()}
    parts[_LIMIT] = command.limits.model_dump(exclude_none=True) if command.limits else {}
    single = [name for name in _SINGLE if getattr(command, name) is not None]
    return {*single, *(f"{kind}.{name}" for kind, names in parts.items() for name in names)}


def _not_there(
    state: SessionState, node: NodeName, name: str, held: tuple[str, ...]
) -> CommandRefusedError:
    kind, _, own = name.partition(".")
    if kind == "input" and own in state.connections.get(node, {}):
        return CommandRefusedError(
            f"{name} of {node} has no path: an output feeds it.",
            fix=f"leave it open: {to_type('disconnect', f'{node}.{own}')}",
        )
    near = nearest(name, held)
    meant = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    return CommandRefusedError(
        f"{node} has no value {name!r} that could be taken back.{meant}",
        fix=f"{to_type('show', node)} lists its values by these names",
    )
