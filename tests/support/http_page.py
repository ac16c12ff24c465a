"""The reference of the HTTP interface as a machine reads it, and what is generated of it.

As a program, `python -m tests.support.http_page`, it writes the shapes that the OpenAPI document
is made with, and the document.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from tests.support.json_page import JsonPage, sections, table

from runthrough.bootstrap import wire
from runthrough.entrypoints.http import ServiceOptions, create_app
from runthrough.entrypoints.http.api import shapes
from runthrough.entrypoints.http.api.document import role_of, routes_of
from runthrough.entrypoints.http.problems import STATUSES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "http.md"
DOCUMENT = ROOT / "docs" / "reference" / "openapi.json"
SHAPES = Path(shapes.__file__).with_name("shapes.json")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class HttpPage(JsonPage):
    """What docs/reference/http.md tells, with the shapes that it shares with the command line."""

    def __init__(self) -> None:
        super().__init__()
        self.text = PAGE.read_text(encoding="utf-8")
        own = self.text.partition("\n## Shapes\n")[2]
        self.shapes |= {name: table(body) for name, body in sections(own)}


def page_text(app: FastAPI) -> str:
    """The page as it is to be: what can be told by the code stands in it as the code has it."""
    text = PAGE.read_text(encoding="utf-8")
    before, begin, after = text.partition("\n## Routes\n")
    _, end, after = after.partition("\n## Pages of lists\n")
    text = "".join((before, begin, _routes_told(app), end, after))
    begin = re.escape("| class | status | title |\n| --- | --- | --- |\n")
    return re.sub(rf"({begin})(?:\|.*\n)*", lambda found: found[1] + _statuses_told(), text)


def _routes_told(app: FastAPI) -> str:
    told: dict[str, list[str]] = {}
    document = app.openapi()
    paths = document["paths"]
    for route in routes_of(app):
        if not route.include_in_schema:
            continue
        title = str(route.tags[0]).capitalize() if route.tags else "The service itself"
        sentence = route.description.split("\n")[0].removesuffix(".")
        for method in sorted(route.methods or (), key=METHODS.index):
            asked = paths[route.path][method.lower()]
            given = ", ".join((*_keys_of(asked, document), *_queries_of(asked)))
            role = role_of(route) or "none"
            row = f"| `{method} {route.path}` | {role} | {sentence} | {given} |"
            told.setdefault(title, []).append(row)
    head = "| route | role | what | given |\n| --- | --- | --- | --- |"
    parts = (f"\n### {title}\n\n{head}\n" + "\n".join(rows) for title, rows in told.items())
    return "\n".join(parts) + "\n"


def _keys_of(asked: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    """The keys of a body, those that are needed in bold."""
    content = asked.get("requestBody", {}).get("content", {}).get("application/json", {})
    for name in _referred(content):
        body = document["components"]["schemas"][name]
        for key in body.get("properties", {}):
            yield f"**`{key}`**" if key in body.get("required", ()) else f"`{key}`"


def _queries_of(asked: dict[str, Any]) -> Iterator[str]:
    """The parameters behind a `?`."""
    for told in asked.get("parameters", ()):
        if told["in"] == "query":
            name = f"`?{told['name']}`"
            yield f"**{name}**" if told.get("required") else name


def _statuses_told() -> str:
    rows = (
        f"| [`{kind.__name__}`](errors.md) | {int(status)} | {status.phrase} |\n"
        for kind, status in STATUSES.items()
    )
    return "".join(rows)


@contextmanager
def served(folder: Path) -> Iterator[FastAPI]:
    """The service over a database of its own, which nobody asks."""
    environ = {"RUNTHROUGH_DATABASE_URL": f"sqlite:///{folder}/log.db", "HOME": str(folder)}
    options = ServiceOptions(hosts=frozenset({"localhost"}), origins=frozenset())
    with wire("http", cwd=str(folder), environ=environ) as application:
        yield create_app(application, options)


def shapes_text(app: FastAPI) -> str:
    """The components that the OpenAPI document is made with: those that a route answers."""
    page = HttpPage()
    found = {
        (name := shapes.component_name(told)): shapes.component_of(name, dict(page.shapes[told]))
        for told in sorted(page.shapes)
    }
    # A command that answers a shape of another name answers that one.
    others = {verb: told for verb, told in page.answers.items() if verb not in page.shapes}
    found |= {shapes.component_name(verb): shapes.schema_of(told) for verb, told in others.items()}
    waiting = [name for route in routes_of(app) for name in _referred(route.responses)]
    used: dict[str, Any] = {}
    for name in waiting:
        if name not in used:
            used[name] = found[name]
            waiting += _referred(found[name])
    return _written(dict(sorted(used.items())))


def document_text(folder: Path) -> str:
    """The OpenAPI document of the service; its database is made in an empty folder."""
    with served(folder) as app:
        document = app.openapi()
    # The version changes with every release, and says nothing of the interface.
    return _written({**document, "info": {**document["info"], "version": "1"}})


def _referred(part: Any) -> list[str]:
    return re.findall(rf'"{shapes.COMPONENTS}(\w+)"', json.dumps(part))


def _written(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _write() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder) as app:
            SHAPES.write_text(shapes_text(app), encoding="utf-8")
        shapes.components.cache_clear()
        DOCUMENT.write_text(document_text(folder), encoding="utf-8")
        with served(folder) as app:
            PAGE.write_text(page_text(app), encoding="utf-8")


if __name__ == "__main__":
    _write()
