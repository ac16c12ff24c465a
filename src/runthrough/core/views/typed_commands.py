"""Commands of the command line as they stand in advice, told apart from what is said of them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Literal

Follows = Literal["flag", "value"]

_WORD = re.compile(
    r"""(?: '[^']*' | "(?:\\.|[^"\\])*" | \$'(?:\\.|[^'\\])*' | \\.
        | [^\s'"(),:;\\] | [,:;](?=[^\s,;:)]) )+""",
    re.VERBOSE,
)
"""A word of a shell; punctuation at its end is the sentence's."""
_PART = re.compile(
    r"""\$'(?P<escaped>(?:\\.|[^'\\])*)' | '(?P<plain>[^']*)' | "(?P<double>(?:\\.|[^"\\])*)"
        | \\(?P<one>.)""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))")
_LONG = {"-j": "--jobs", "-o": "--output"}
_ONLY_LETTERS = re.compile(r"[a-z]+")
_SPACE = re.compile(r" +")


@dataclass(frozen=True, slots=True)
class Shape:
    """What may follow a verb."""

    needs: int = 0
    """Places that always follow, such as a node."""
    more: bool = False
    """Whether further places may follow."""
    options: Mapping[str, Follows] = field(default_factory=dict)


def _options(flags: str = "", values: str = "") -> Mapping[str, Follows]:
    told: dict[str, Follows] = dict.fromkeys(flags.split(), "flag")
    return told | dict.fromkeys(values.split(), "value")


_BASED = _options(values="--based-on")
_NODE = Shape(needs=1, options=_BASED)
_TARGETS = Shape(more=True, options=_options("--all", "--based-on"))
_AUDIT = (
    "--against --since --public-key --output -o --sign --format --node --actor --type --until "
    "--rename"
)
_RUN = "--fail-fast --take-over --sagemaker"

SHAPES: Mapping[str, Shape] = {
    "accept": _NODE,
    "approve": Shape(more=True),
    "archive": Shape(options=_options(values="--output -o")),
    "as-of": Shape(needs=1, options=_options("--all")),
    "audit": Shape(needs=1, options=_options("--new", _AUDIT)),
    "bind": Shape(needs=2, options=_BASED),
    "cancel": Shape(),
    "check": Shape(more=True, options=_options("--all")),
    "clear": _NODE,
    "close": Shape(),
    "completion": Shape(needs=1),
    "config": Shape(needs=1),
    "configure": Shape(
        needs=1,
        options=_options(
            "--replace --partial",
            "--input --output -o --env --arg --timeout --limit --note --unset --based-on",
        ),
    ),
    "confirm": _TARGETS,
    "connect": Shape(needs=2, options=_BASED),
    "db": Shape(needs=1),
    "demo": Shape(options=_options(values="--dir")),
    "diff": Shape(more=True, options=_options("--last-green --exit-code")),
    "disconnect": _TARGETS,
    "doctor": Shape(),
    "export": Shape(options=_options("--force", "--pipeline --schema")),
    "external": Shape(needs=1, options=_options(values="--output -o --based-on")),
    "fork": Shape(options=_options(values="--at --name")),
    "history": Shape(options=_options(values="--node --actor --type --since")),
    "init": Shape(more=True),
    "internal": _NODE,
    "logs": Shape(needs=1),
    "new": Shape(
        more=True, options=_options(values="--name --workspace --like --from-folder --output -o")
    ),
    "next": Shape(more=True, options=_options("--all")),
    "note": Shape(needs=1),
    "plan": Shape(more=True, options=_options("--no-reuse --sagemaker --exit-code --all")),
    "redo": Shape(),
    "reject": _TARGETS,
    "rename": Shape(needs=1),
    "reopen": Shape(options=_options(values="--name")),
    "report": Shape(options=_options("--html --junit --markdown --github", "--output -o")),
    "requirements": Shape(needs=1),
    "resume": Shape(options=_options("--here --take-over", "--workspace --pipeline --session")),
    "retry": Shape(options=_options(_RUN, "--jobs -j --runner")),
    "run": Shape(more=True, options=_options(f"{_RUN} --no-reuse", "--jobs -j --runner")),
    "serve": Shape(
        options=_options(
            "--behind-proxy --no-link",
            "--host --port --root --public-url --tls-cert --tls-key --jobs -j --grace",
        )
    ),
    "sessions": Shape(options=_options("--all")),
    "show": Shape(needs=1),
    "status": Shape(options=_options("--all")),
    "token": Shape(needs=1, more=True, options=_options("--all", "--role --expires --session")),
    "undo": Shape(options=_options("--anyone", "--to")),
    "update": Shape(more=True, options=_options(values="--rename")),
    "why": Shape(needs=1, options=_options("--sagemaker")),
}
"""Every verb of the command line, and what may follow it."""
_VERBS = "|".join(sorted(map(re.escape, SHAPES), key=len, reverse=True))
_COMMAND = re.compile(rf"\brunthrough ({_VERBS})(?![\w-])")


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """A command, and where it stands in its text."""

    verb: str
    places: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    """By their long names, as often as they were given; a flag's value is empty."""
    start: int
    end: int


def commands_in(text: str) -> Iterator[TypedCommand]:
    """The commands in a text, in order.

    `runthrough run NODE, or …` names a node, and `runthrough run starts a new attempt` says what
    the command does: where places may follow and need not, one word before punctuation is one; of
    several those are that come before the first plain small word.
    """
    for found in _COMMAND.finditer(text):
        yield _read(text, found)


def _read(text: str, found: re.Match[str]) -> TypedCommand:
    shape, end = SHAPES[found[1]], found.end()
    places: list[str] = []
    options: list[tuple[str, str]] = []
    all_places = False
    while word := _next(text, end):
        if word[0] == "--" and not all_places:
            all_places, end = True, word.end()
        elif _is_option(word[0]) and not all_places:
            follows = shape.options.get(word[0])
            last = _next(text, word.end()) if follows == "value" else word
            if follows is None or last is None:
                break
            value = _plain(last[0]) if follows == "value" else ""
            options.append((_LONG.get(word[0], word[0]), value))
            end = last.end()
        else:
            more = [word] if len(places) < shape.needs else _further(text, end, shape, all_places)
            if not more:
                break
            places += [_plain(one[0]) for one in more]
            end = more[-1].end()
    return TypedCommand(found[1], tuple(places), tuple(options), found.start(), end)


def _is_option(word: str) -> bool:
    return word.startswith("-") and len(word) > 1


def _next(text: str, at: int) -> re.Match[str] | None:
    """The word behind the spaces at a place; none where a sentence goes on otherwise."""
    space = _SPACE.match(text, at)
    return _WORD.match(text, space.end()) if space else None


def _further(text: str, at: int, shape: Shape, all_places: bool) -> list[re.Match[str]]:
    """The words from a place to the next option or punctuation, as far as they are places."""
    words: list[re.Match[str]] = []
    while shape.more and (word := _next(text, at)):
        if _is_option(word[0]) and not all_places:
            break
        words.append(word)
        at = word.end()
    return words if len(words) == 1 else [*takewhile(_is_name, words)]


def _is_name(word: re.Match[str]) -> bool:
    return _ONLY_LETTERS.fullmatch(word[0]) is None


def _plain(word: str) -> str:
    """What a shell makes of a word."""
    return _PART.sub(_unquoted, word)


def _unquoted(part: re.Match[str]) -> str:
    if part["escaped"] is not None:
        return _ESCAPE.sub(_letter, part["escaped"])
    if part["double"] is not None:
        return re.sub(r"\\([\"\\$`])", r"\1", part["double"])
    return part["plain"] if part["plain"] is not None else part["one"]


def _letter(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else escape[3]
