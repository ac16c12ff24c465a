"""A conflict field by field: what it was based on, what is there now, what was asked."""

from pydantic import JsonValue

from runthrough.core.commands import ConfigureScript
from runthrough.core.state import SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName
from runthrough.core.values.paths import shown
from runthrough.core.views.nodes import flat_values


def conflict_fields(
    command: ConfigureScript, base: SessionState, present: SessionState
) -> list[dict[str, JsonValue]]:
    """A mapping for each value that they changed or you give: field, base, theirs, yours."""
    before = _values(base, command.node)
    theirs = _values(present, command.node)
    yours = asked_values(command)
    return [
        {
            "field": name,
            "base": before.get(name),
            "theirs": theirs.get(name),
            "yours": yours.get(name, before.get(name)),
        }
        for name in sorted({*before, *theirs, *yours})
        if theirs.get(name) != before.get(name) or name in yours
    ]


def _values(state: SessionState, node: NodeName) -> dict[str, JsonValue]:
    if node not in state.nodes:
        return {}
    return flat_values(state.nodes[node], state.connections.get(node, {}))


def asked_values(command: ConfigureScript) -> dict[str, JsonValue]:
    """What a command gives, by the dotted names of `flat_values`."""
    asked: dict[str, JsonValue] = {}
    for name, source in (command.input_paths or {}).items():
        text = f"@{source}" if isinstance(source, Output) else shown(source)
        asked[f"input.{name}"] = text
    asked |= {f"output.{n}": shown(path) for n, path in (command.output_paths or {}).items()}
    asked |= {f"env.{name}": value for name, value in (command.environ_vars or {}).items()}
    asked |= {f"arg.{name}": value for name, value in (command.job_args or {}).items()}
    return asked
