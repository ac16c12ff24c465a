"""A conflict field by field: what it was based on, what is there now, what was asked."""

from pydantic import JsonValue

from runthrough.core.commands import (
    BindScript,
    Command,
    ConfigureScript,
    Connect,
    MarkExternal,
    RenameSession,
    ReopenSession,
    TargetsCommand,
)
from runthrough.core.state import SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName
from runthrough.core.values.paths import shown
from runthrough.core.views.nodes import flat_values
from runthrough.core.views.value_words import differing, words_of


def conflict_fields(
    command: Command, node: NodeName | None, base: SessionState, present: SessionState
) -> list[dict[str, JsonValue]]:
    """A mapping for each value that they changed or you give: field, base, theirs, yours.

    `yours` is what the command gives, `None` where it gives nothing. Without a node they are those
    of the session itself.
    """
    before = _values(base, node)
    theirs = _values(present, node)
    yours = _asked(command, node)
    return [
        {
            "field": name,
            "base": before.get(name),
            "theirs": theirs.get(name),
            "yours": yours.get(name),
        }
        for name in sorted({*differing(before, theirs), *yours})
    ]


def conflict_lines(
    command: Command, node: NodeName | None, base: SessionState, present: SessionState
) -> list[str]:
    """The same for people, a line each; what the command gives only where it gives something."""
    before, theirs, yours = _values(base, node), _values(present, node), _asked(command, node)
    lines: list[str] = []
    for name in sorted({*differing(before, theirs), *yours}):
        told = f"{name}: base {words_of(before, name)}, theirs {words_of(theirs, name)}"
        lines.append(f"{told}, yours {words_of(yours, name)}" if name in yours else told)
    return lines


def _values(state: SessionState, node: NodeName | None) -> dict[str, JsonValue]:
    if node is None:
        return {"name": state.name}
    if node not in state.nodes:
        return {}
    return flat_values(state.nodes[node], state.connections.get(node, {}))


def _asked(command: Command, node: NodeName | None) -> dict[str, JsonValue]:
    """What a command asks of a node, by the dotted names of `flat_values`, or of the session."""
    match command:
        case RenameSession() | ReopenSession():
            return {} if command.name is None else {"name": command.name}
        case ConfigureScript():
            return asked_values(command)
        case Connect():
            return {f"input.{command.input}": f"@{command.source}"}
        case BindScript():
            return {"script": shown(command.path)}
        case MarkExternal():
            return {f"output.{name}": shown(path) for name, path in command.outputs.items()}
        case _ if isinstance(command, TargetsCommand):
            return {f"input.{t.input}": command.verb for t in command.targets if t.node == node}
        case _:
            return {}


def asked_values(command: ConfigureScript) -> dict[str, JsonValue]:
    """What a command gives, by the dotted names of `flat_values`."""
    asked: dict[str, JsonValue] = dict.fromkeys(command.unset)
    for name, source in (command.input_paths or {}).items():
        text = f"@{source}" if isinstance(source, Output) else shown(source)
        asked[f"input.{name}"] = text
    asked |= {f"output.{n}": shown(path) for n, path in (command.output_paths or {}).items()}
    asked |= {f"env.{name}": value for name, value in (command.environ_vars or {}).items()}
    asked |= {f"arg.{name}": value for name, value in (command.job_args or {}).items()}
    single = {name: getattr(command, name) for name in ("timeout_s", "python", "user_notes")}
    asked |= {name: value for name, value in single.items() if value is not None}
    limits = command.limits.model_dump(exclude_none=True) if command.limits else {}
    return asked | {f"limit.{name}": value for name, value in limits.items()}
