"""What a script's own `if __name__ == "__main__":` block passes to its `main`."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from runthrough.adapters.discovery.meanings import (
    UNKNOWN,
    Choice,
    Key,
    Known,
    Meaning,
    Own,
    Table,
    is_absolute,
    options_of,
)
from runthrough.adapters.discovery.reader import Reader, Rules, StepsSpentError
from runthrough.adapters.discovery.signatures import ROLES, Function, is_entry_guard
from runthrough.core.values.requirements import (
    Requirement,
    RequirementKind,
    ScriptRequirements,
)

_KINDS: Mapping[str, RequirementKind] = dict(
    zip(ROLES[:3], ("input", "output", "environ_var"), strict=True)
)


def with_entry_block(
    requirements: ScriptRequirements,
    tree: ast.Module,
    rules: Rules,
    modules: Mapping[str, ast.Module],
) -> ScriptRequirements:
    """The requirements with the container paths that the block passes, and its unread names."""
    if not any(is_entry_guard(statement) for statement in tree.body):
        return requirements
    passed = _passed(tree, rules, tuple(modules.items()))
    needs = [_with_path(need, _path_of(need, passed)) for need in requirements.needs]
    known = {(need.kind, name) for need in needs for name in (need.name, *need.aliases)}
    needs += (
        Requirement(
            kind=kind,
            name=name,
            level="optional" if requirements.open_ended(kind) else "unread",
            sources=("code",),
            container_path=path,
        )
        for (kind, name), path in passed.items()
        if (kind, name) not in known
    )
    return requirements.model_copy(update={"needs": tuple(needs)})


def _path_of(need: Requirement, passed: Mapping[Key, str | None]) -> str | None:
    return next(
        filter(None, (passed.get((need.kind, n)) for n in (need.name, *need.aliases))), None
    )


def _with_path(need: Requirement, path: str | None) -> Requirement:
    return need if path is None else need.model_copy(update={"container_path": path})


@lru_cache(maxsize=8)  # each keeps a tree, see `KEPT_TREES`
def _passed(
    tree: ast.Module, rules: Rules, modules: tuple[tuple[str, ast.Module], ...]
) -> dict[Key, str | None]:
    """Each name in the dictionaries that the block passes, with its path where it is constant.

    It is the same for every node of a script, so it is remembered for the nodes that come next.
    """
    calls: list[tuple[Sequence[Meaning], Mapping[str, Meaning], Function]] = []

    def call(
        reader: Reader,
        function: Meaning,
        given: Sequence[Meaning],
        named: Mapping[str, Meaning],
    ) -> Meaning:
        if isinstance(function, Own):
            node = function.node
            if not isinstance(node, ast.ClassDef | ast.Lambda) and node.name == "main":
                calls.append((given, named, node))
                return UNKNOWN
        return rules.call(reader, function, given, named)

    reader = Reader(replace(rules, call=call), job_args={}, environ_vars={}, modules=dict(modules))
    reader.frame.variables["__name__"] = Known("__main__")
    try:
        reader.run(tree.body)
    except (StepsSpentError, RecursionError):
        return {}  # the block only adds to what `main` tells
    found: dict[Key, str | None] = {}
    for given, named, node in calls:
        for key, path in _names(given, named, node):
            found[key] = found.get(key) or path
    reader.forget()
    return found


def _names(
    given: Sequence[Meaning], named: Mapping[str, Meaning], node: Function
) -> Iterator[tuple[Key, str | None]]:
    parameters = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
    values = {**dict(zip(parameters, given, strict=False)), **named}
    by_place = dict(zip(parameters, ROLES, strict=False))
    for parameter, value in values.items():
        role = parameter if parameter in ROLES else by_place.get(parameter, "")
        kind = _KINDS.get(role)
        if kind is not None:
            for name, path in _rows(options_of(value)):
                yield (kind, name), path if kind in {"input", "output"} else None


def _rows(options: Iterable[Meaning]) -> Iterator[tuple[str, str | None]]:
    for option in options:
        if isinstance(option, Table):
            for name, value in option.rows:
                if isinstance(name, str) and name:
                    yield name, _absolute(value)


def _absolute(value: Meaning) -> str | None:
    options = value.options if isinstance(value, Choice) else (value,)
    paths = [str(option.value) for option in options if isinstance(option, Known)]
    return paths[0] if len(paths) == 1 and is_absolute(Known(paths[0])) else None
