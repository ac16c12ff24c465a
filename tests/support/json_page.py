"""The page of JSON shapes as a machine reads it.

As a program, `python -m tests.support.json_page`, it adds new keys to the golden file.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "json_shapes.json"
_LINK = re.compile(r"\[(\w+)\]\((?:json\.md)?#\w+\)")
_HEADING = re.compile(r"^### `(.+)`$", re.MULTILINE)
_LEAVES = {"text", "time", "path", "command", "whole", "number", "flag", "value", "null"}

Shape = Mapping[str, str]
"""Key → type."""


class JsonPage:
    """What `docs/reference/json.md` tells."""

    def __init__(self) -> None:
        text = (ROOT / "docs" / "reference" / "json.md").read_text(encoding="utf-8")
        before, _, after = text.partition("\n## Shapes\n")
        self.shapes: dict[str, Shape] = {}
        self.answers: dict[str, str] = {}
        """Verb → type of what it answers."""
        for name, body in sections(after):
            self.shapes[name] = table(body)
        for name, body in sections(before):
            told = re.search(r"^Answers (?!only)(.+)\.$", body, re.MULTILINE)
            if told:
                self.answers[name] = " or ".join(_alternatives(told[1]))
            else:
                self.shapes[name] = table(body)
                self.answers[name] = name
        self.seen: set[str] = set()

    def misfit(self, value: Any, told: str, place: str) -> str | None:
        """Where a value is not of a type that is told, and why; `None` where it is."""
        found = [self._misfit_one(value, one, place) for one in told.split(" or ")]
        return None if None in found else max((one for one in found if one), key=len)

    def _misfit_one(self, value: Any, told: str, place: str) -> str | None:
        for kind, holder in (("list of ", list), ("map of ", dict)):
            if told.startswith(kind):
                if not isinstance(value, holder):
                    return f"{place}: no {told}: {value!r}"
                each = enumerate(value) if isinstance(value, list) else value.items()
                inner = told.removeprefix(kind)
                wrong = (self.misfit(one, inner, f"{place}.{name}") for name, one in each)
                return next(filter(None, wrong), None)
        if told.startswith("optional "):
            inner = told.removeprefix("optional ")
            return None if value is None else self.misfit(value, inner, place)
        if told in _LEAVES:
            return None if _fits(value, told) else f"{place}: no {told}: {value!r}"
        return self._misfit_shape(value, told, place)

    def _misfit_shape(self, value: Any, name: str, place: str) -> str | None:
        if name not in self.shapes:
            return None if name == "absent" else f"{place}: the page has no shape {name}"
        shape = self.shapes[name]
        if not isinstance(value, dict):
            return f"{place}: no {name}: {value!r}"
        if untold := [key for key in value if key not in shape]:
            return f"{place}: {name} does not tell {', '.join(untold)}"
        needed = [key for key, told in shape.items() if "absent" not in told.split(" or ")]
        if missing := [key for key in needed if key not in value]:
            return f"{place}: {name} tells {', '.join(missing)}, which is not there"
        self.seen.add(name)
        wrong = (self.misfit(one, shape[key], f"{place}.{key}") for key, one in value.items())
        return next(filter(None, wrong), None)

    def key_paths(self) -> dict[str, list[str]]:
        """Verb → every key that its answer may hold, as `nodes{}.last.outcome`."""
        return {verb: sorted(set(self._paths(told, ""))) for verb, told in self.answers.items()}

    def _paths(self, told: str, place: str) -> Iterator[str]:
        for one in told.split(" or "):
            if one.startswith("list of "):
                yield from self._paths(one.removeprefix("list of "), f"{place}[]")
            elif one.startswith("map of "):
                yield from self._paths(one.removeprefix("map of "), f"{place}{{}}")
            else:
                shape = self.shapes.get(one.removeprefix("optional "), {})
                for key, kind in shape.items():
                    yield f"{place}.{key}"
                    yield from self._paths(kind, f"{place}.{key}")


def golden() -> dict[str, list[str]]:
    """The keys that have been promised, by verb."""
    promised: dict[str, list[str]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return promised


def sections(text: str) -> Iterator[tuple[str, str]]:
    parts = _HEADING.split(text)
    yield from zip(parts[1::2], parts[2::2], strict=True)


def table(body: str) -> dict[str, str]:
    rows = (
        [cell.strip() for cell in line.strip("| ").split(" | ")]
        for line in body.splitlines()
        if line.startswith("| `")
    )
    return {cells[0].strip("`"): _LINK.sub(r"\1", cells[1]) for cells in rows}


def _alternatives(told: str) -> Iterator[str]:
    for link in re.finditer(r"(list of )?\[(\w+)\]\(#\w+\)", told):
        yield f"{link[1] or ''}{link[2]}"


def _fits(value: Any, leaf: str) -> bool:
    match leaf:
        case "value":
            return True
        case "null":
            return value is None
        case "flag":
            return isinstance(value, bool)
        case "whole":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "time":
            return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
        case "command":
            return isinstance(value, str) and value.startswith(("runthrough ", "cd "))
        case _:
            return isinstance(value, str)


def _promise_more() -> None:
    """Add what the page tells to the golden file; nothing is ever taken out of it."""
    promised, told = golden() if GOLDEN.exists() else {}, JsonPage().key_paths()
    for verb, paths in told.items():
        promised[verb] = sorted({*promised.get(verb, ()), *paths})
    text = json.dumps(dict(sorted(promised.items())), indent=1, ensure_ascii=False)
    GOLDEN.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    _promise_more()
