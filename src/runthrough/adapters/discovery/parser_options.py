"""What a script's own argument parser says of the arguments that its `main` reads."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from runthrough.core.values.requirements import Requirement, ScriptRequirements, ValueType

_TYPES: Mapping[str, ValueType] = {"int": "int", "float": "float"}
_SEVERAL = frozenset({"nargs", "action"})
"""With these a value is no single one of its type, or may be none."""


@dataclass(frozen=True, slots=True)
class ParserOption:
    """One `add_argument` call, as far as it is written in constants."""

    name: str
    help: str = ""
    choices: tuple[JsonValue, ...] = ()
    value_type: ValueType | None = None
    required: bool = False


def described(
    requirements: ScriptRequirements, parser_calls: Iterable[ast.Call]
) -> ScriptRequirements:
    """The requirements with the help, choices and types of the script's own parser.

    `parser_calls` are the calls of `add_argument`.

    An argument that `main` reads on some paths only, such as in a loop, is required where the
    parser says so (WIRING, rules of reading, 3). A default of the parser is none for `main`: the
    parser does not run when `main` is called.
    """
    options = {option.name: option for option in map(_option, parser_calls)}
    needs = tuple(_with(need, options.get(need.name)) for need in requirements.needs)
    return requirements.model_copy(update={"needs": needs}) if options else requirements


def _with(need: Requirement, option: ParserOption | None) -> Requirement:
    if need.kind != "job_arg" or option is None:
        return need
    level = "required" if option.required and need.level == "conditional" else need.level
    told = {
        "description": option.help,
        "choices": option.choices,
        "value_type": option.value_type,
        "level": level,
    }
    return need.model_copy(update=told)


def _option(call: ast.Call) -> ParserOption:
    flags = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    name = _constant(named.get("dest")) or _destination(flags)
    help_text = _constant(named.get("help"))
    return ParserOption(
        str(name),
        help_text if isinstance(help_text, str) else "",
        _choices(named.get("choices")),
        _value_type(named),
        _constant(named.get("required")) is True,
    )


def _destination(flags: Sequence[object]) -> str:
    """The attribute that argparse makes of the flags: of the first long one, else the first."""
    texts = [flag for flag in flags if isinstance(flag, str)]
    long = [flag for flag in texts if flag.startswith("--")]
    first = (long or texts or [""])[0]
    return first.lstrip("-").replace("-", "_")


def _constant(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _value_type(named: Mapping[str | None, ast.expr]) -> ValueType | None:
    """What `type=int` or `type=float` makes of one value; of several it is a list."""
    read = named.get("type")
    if not isinstance(read, ast.Name) or _SEVERAL & named.keys():
        return None
    return _TYPES.get(read.id)


def _choices(node: ast.expr | None) -> tuple[JsonValue, ...]:
    elements = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else []
    values = [_constant(element) for element in elements]
    return tuple(value for value in values if isinstance(value, str | int | float))
