"""What a node waits for, in a few words."""

from collections.abc import Iterable, Mapping

from runthrough.core.values.problems import Problem, ProblemCode

_SHORT: Mapping[ProblemCode, str] = {
    "INPUT_MISSING": "no path",
    "ENV_MISSING": "no value",
    "ARG_MISSING": "no value",
}
"""Nothing is wrong: nothing was said yet."""


def need_text(need: Problem) -> str:
    """A need in a few words: `inference_scripts: no path`."""
    short = _SHORT.get(need.code)
    if short is None or need.where.name is None:
        return need.message
    return f"{need.where.name}: {short}{_choices(need)}"


def needs_words(needs: Iterable[Problem]) -> str:
    """Needs inside of a sentence, by their names: `title, mode (one of drop, fail)`."""
    return "; ".join(map(_named, needs))


def _named(need: Problem) -> str:
    if need.where.name is None:
        return need.message
    if need.code == "CONNECTION_AMBIGUOUS":
        return f"{need.where.name} ({' or '.join(need.candidates)}?)"
    return f"{need.where.name}{_choices(need)}" if need.code in _SHORT else need.message


def _choices(need: Problem) -> str:
    return f" (one of {', '.join(need.candidates)})" if need.candidates else ""
