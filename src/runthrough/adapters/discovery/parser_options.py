"""What a script's own argument parser says of the arguments that its `main` reads."""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from runthrough.core.values.requirements import Requirement, ScriptRequirements


@dataclass(frozen=True, slots=True)
class ParserOption:
    """One `add_argument` call, as far as it is written in constants."""

    name: str
    help: str = ""
    choices: tuple[JsonValue, ...] = ()


def described(
    requirements: ScriptRequirements, parser_calls: Iterable[ast.Call]
) -> ScriptRequirements:
    """The requirements with the help and choices of the script's own parser.

    `parser_calls` are the calls of `add_argument`.

    Whether an argument is required, and its default, stay what `main` makes of them: the parser
    does not run when `main` is called.
    """
    options = {option.name: option for option in map(_option, parser_calls)}
    needs = tuple(_with(need, options.get(need.name)) for need in requirements.needs)
    return requirements.model_copy(update={"needs": needs}) if options else requirements


def _with(need: Requirement, option: ParserOption | None) -> Requirement:
    if need.kind != "job_arg" or option is None:
        return need
    return need.model_copy(update={"description": option.help, "choices": option.choices})


def _option(call: ast.Call) -> ParserOption:
    flags = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    name = _constant(named.get("dest")) or _destination(flags)
    help_text = _constant(named.get("help"))
    return ParserOption(
        str(name),
        help_text if isinstance(help_text, str) else "",
        _choices(named.get("choices")),
    )


def _destination(flags: Sequence[object]) -> str:
    """The attribute that argparse makes of the flags: of the first long one, else the first."""
    texts = [flag for flag in flags if isinstance(flag, str)]
    long = [flag for flag in texts if flag.startswith("--")]
    first = (long or texts or [""])[0]
    return first.lstrip("-").replace("-", "_")


def _constant(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _choices(node: ast.expr | None) -> tuple[JsonValue, ...]:
    elements = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else []
    values = [_constant(element) for element in elements]
    return tuple(value for value in values if isinstance(value, str | int | float))
