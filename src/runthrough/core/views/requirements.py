"""What a node needs, in the founding plan's shape, with what it has now."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import JsonValue

from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName
from runthrough.core.values.paths import shown
from runthrough.core.values.requirements import Requirement, RequirementKind
from runthrough.core.views.nodes import View
from runthrough.core.views.particulars import Particulars


def requirements_view(state: SessionState, particulars: Particulars, node: NodeName) -> View:
    """What one node needs, and what it has.

    Keys: script_name, step_name, script_path, expected_inputs, expected_outputs (each with name,
    description, required, example_path, current_path, source), environment_variables and
    job_arguments (each with name, description, required, default_value, current_value, choices,
    type, source), auto_configurable, drift.
    """
    there = state.nodes[node]
    needs = particulars.needs(node)
    return {
        "script_name": there.script.name if there.script else None,
        "step_name": node,
        "script_path": shown(there.script.path) if there.script else None,
        "expected_inputs": [_input(state, node, need) for need in needs.of("input")],
        "expected_outputs": [_output(state, node, need) for need in needs.of("output")],
        "environment_variables": _values(state, node, needs.of("environ_var")),
        "job_arguments": _values(state, node, needs.of("job_arg")),
        "auto_configurable": there.configured_by == "auto",
        "drift": list(particulars.drift.get(node, ())),
    }


_T = TypeVar("_T")


def _of(need: Requirement, values: Mapping[str, _T]) -> _T | None:
    """What a need was given, under whichever of its names."""
    return next((values[name] for name in (need.name, *need.aliases) if name in values), None)


def _described(need: Requirement) -> View:
    return {
        "name": need.name,
        "description": need.description or _plain(need),
        "required": need.required,
        "level": need.level,
        "source": ", ".join(need.sources),
    }


_WORDS: dict[RequirementKind, str] = {
    "input": "input",
    "output": "output",
    "environ_var": "environment variable",
    "job_arg": "argument",
}


def _plain(need: Requirement) -> str:
    files = f": {', '.join(need.files)}" if need.files else ""
    return f"{need.level} {_WORDS[need.kind]}{files}"


def _input(state: SessionState, node: NodeName, need: Requirement) -> JsonValue:
    spec = state.nodes[node].spec or state.nodes[node].draft
    connection = _of(need, state.connections.get(node, {}))
    path = _of(need, spec.input_paths) if spec else None
    current = f"@{connection.source}" if connection else shown(path) if path else None
    asked = state.proposals.get(node, {}).get(need.name)
    return {
        **_described(need),
        "example_path": f"input/{node}/{need.name}",
        "current_path": current,
        "proposed": f"@{asked.asked_about}" if asked else None,
        "files": list(need.files),
    }


def _output(state: SessionState, node: NodeName, need: Requirement) -> JsonValue:
    spec = state.nodes[node].spec or state.nodes[node].draft
    path = _of(need, spec.output_paths) if spec else None
    return {
        **_described(need),
        "example_path": f"output/{node}/{need.name}",
        "current_path": shown(path) if path else None,
        "files": list(need.files),
    }


def _values(
    state: SessionState, node: NodeName, needs: tuple[Requirement, ...]
) -> list[JsonValue]:
    spec = state.nodes[node].spec or state.nodes[node].draft
    given = {"environ_var": spec.environ_vars, "job_arg": spec.job_args} if spec else {}
    return [
        {
            **_described(need),
            "default_value": need.default,
            "current_value": _of(need, given.get(need.kind, {})),
            "choices": list(need.choices),
            "type": need.value_type,
        }
        for need in needs
    ]
