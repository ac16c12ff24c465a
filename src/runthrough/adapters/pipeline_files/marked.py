"""YAML and JSON texts as trees in which each value knows its line and column.

Plain words are read by YAML 1.2's core schema, which is JSON's: `no`, `on` and `2026-11-22` are
texts, `1e5` is a number.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, cast

import yaml
from pydantic import JsonValue

from runthrough.errors import PipelineFileError

MAX_DEPTH = 100
"""Nesting that no person writes, and far from where Python's own stack ends."""
MAX_VALUES = 1_000_000
"""Five times a pipeline of 10,000 nodes; aliases of aliases grow beyond any memory."""

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE, _FALSE = re.compile("true|True|TRUE"), re.compile("false|False|FALSE")
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TABBED = re.compile(r" *\t")
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_JSON_PAIR = re.compile(r"\\(?:u([dD][89abAB]\w\w)\\u([dD][c-fC-F]\w\w)|.)")


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a text; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Marked:
    """A value, the places of what is in it, and how many values that are."""

    value: "str | int | float | bool | list[Marked] | dict[str, Marked] | None"
    mark: Mark
    keys: Mapping[str, Mark] = field(default_factory=dict)
    weight: int = 1

    @property
    def plain(self) -> JsonValue:
        """The value without its places."""
        if isinstance(self.value, dict):
            return {key: child.plain for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain for child in self.value]
        return self.value

    def walk(self, location: Sequence[str | int]) -> "tuple[tuple[str | int, ...], Marked, Mark]":
        """Follow a location; steps that lead nowhere are left out.

        Returns the steps taken, the value they lead to, and where its key stands (the value
        itself where it has none).
        """
        here, key, taken = self, self.mark, []
        for step in location:
            if isinstance(here.value, dict) and isinstance(step, str) and step in here.value:
                here, key = here.value[step], here.keys[step]
            elif isinstance(here.value, list) and isinstance(step, int):
                here = here.value[step]
                key = here.mark
            else:
                continue
            taken.append(step)
        return tuple(taken), here, key


def read_marked(text: str, path: str) -> Marked | None:
    """Read the one document of a YAML or JSON text; `None` when there is nothing in it.

    Raises:
        PipelineFileError: It is no such text; with line and column.
    """
    odd = _FORBIDDEN.search(text)
    if odd is not None:
        before = text[: odd.start()]
        line, column = before.count("\n") + 1, odd.start() - before.rfind("\n")
        reason = f"a text must not contain the control character {odd.group()!r}"
        raise PipelineFileError(path, reason, line=line, column=column)
    if path.endswith(".json"):
        text = _JSON_PAIR.sub(_one_escape, text)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(yaml.parse(text, Loader=loader), path).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(part for part in (error.problem, error.context) if part)
        written = text.splitlines()[mark.line : mark.line + 1] if mark else []
        raise PipelineFileError(
            path,
            f"this is not YAML: {reason}",
            line=mark.line + 1 if mark else None,
            column=mark.column + 1 if mark else None,
            fix="indent with spaces, not tabs" if any(map(_TABBED.match, written)) else None,
        ) from None  # the parser's own text may show a line of values


def _one_escape(pair: re.Match[str]) -> str:
    """JSON writes a character beyond the first 65,536 as two escapes; YAML knows one for it."""
    if pair[1] is None:
        return pair[0]
    return rf"\U{(int(pair[1], 16) - 0xD800 << 10) + int(pair[2], 16) - 0xDC00 + 0x10000:08x}"


class _Builder:
    """Builds the tree from the parser's events."""

    def __init__(self, events: Iterator[yaml.Event], path: str) -> None:
        self._events = events
        self._path = path
        self._is_json = path.endswith(".json")
        self._anchors: dict[str, Marked] = {}

    def document(self) -> Marked | None:
        next(self._events)  # the stream's start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        root = self._node(next(self._events), 0)
        next(self._events)  # the document's end
        further = next(self._events)
        if isinstance(further, yaml.DocumentStartEvent):
            self._refuse(_mark(further), "a second document begins; a pipeline is one document")
        return root

    def _refuse(self, mark: Mark, reason: str, fix: str | None = None) -> NoReturn:
        raise PipelineFileError(self._path, reason, line=mark.line, column=mark.column, fix=fix)

    def _node(self, event: yaml.Event, depth: int) -> Marked:
        mark = _mark(event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                self._refuse(mark, f"no value before this is anchored as &{event.anchor}")
            return self._anchors[event.anchor]
        if depth > MAX_DEPTH:
            self._refuse(mark, f"values are nested more than {MAX_DEPTH} deep")
        tag = getattr(event, "tag", None)
        if tag is not None and not (isinstance(event, yaml.ScalarEvent) and tag in _TEXT_TAGS):
            self._refuse(mark, f"the tag {tag} has no meaning here", "leave the tag out")
        if isinstance(event, yaml.ScalarEvent):
            built = Marked(self._scalar(event, mark), mark)
        elif isinstance(event, yaml.SequenceStartEvent):
            built = self._sequence(mark, depth)
        else:
            built = self._mapping(mark, depth)
        if built.weight > MAX_VALUES:
            self._refuse(mark, f"with its aliases this holds more than {MAX_VALUES:,} values")
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = built
        return built

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> str | int | float | bool | None:
        text = event.value
        if event.tag is not None or event.style not in {None, ""}:
            return text
        try:
            value = _plain_word(text)
        except ValueError as error:
            self._refuse(mark, f"this number is too long: {error}")
        odd = isinstance(value, str) and self._is_json  # `NaN`, which YAML takes for a text
        if odd or (isinstance(value, float) and not math.isfinite(value)):
            reason = f"{text} is not a number that JSON can hold"
            self._refuse(mark, reason, f'for a text write it in quotes: "{text}"')
        return value

    def _sequence(self, mark: Mark, depth: int) -> Marked:
        children = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            children.append(self._node(event, depth + 1))
        return Marked(children, mark, weight=1 + sum(child.weight for child in children))

    def _mapping(self, mark: Mark, depth: int) -> Marked:
        children: dict[str, Marked] = {}
        keys: dict[str, Mark] = {}
        merged: list[Marked] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, place = self._node(event, depth + 1).value, _mark(event)
            child = self._node(next(self._events), depth + 1)
            if key == "<<":
                merged += self._merged(child)
            elif not isinstance(key, str):
                reason = "a key must be a text"
                self._refuse(place, reason, "write the key in quotes")
            elif key in children:
                self._refuse(place, f"{key!r} stands twice; first on line {keys[key].line}")
            else:
                children[key], keys[key] = child, place
        for source in merged:
            for key, child in source.value.items() if isinstance(source.value, dict) else ():
                if key not in children:
                    children[key], keys[key] = child, source.keys[key]
        weight = 1 + sum(child.weight for child in children.values())
        return Marked(children, mark, keys, weight)

    def _merged(self, source: Marked) -> list[Marked]:
        """The mappings that `<<` takes over, the first of which wins."""
        sources = source.value if isinstance(source.value, list) else [source]
        for one in sources:
            if not isinstance(one.value, dict):
                self._refuse(one.mark, "`<<` takes a mapping, or a list of mappings")
        return sources


def _mark(event: yaml.Event) -> Mark:
    start = cast("yaml.Mark", event.start_mark)  # a parser gives every event one
    return Mark(start.line + 1, start.column + 1)


def _plain_word(text: str) -> str | int | float | bool | None:
    """What an unquoted word means in YAML 1.2's core schema (§ 10.3.2)."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return text[0] in "tT"
    if _WHOLE.fullmatch(text):
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    if _ENDLESS.fullmatch(text):
        return math.inf
    return text
