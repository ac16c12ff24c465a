"""The reference of the HTTP interface and the OpenAPI document against the service."""

import ast
import re
from pathlib import Path

import pytest
from tests.support.http_page import (
    DOCUMENT,
    PAGE,
    SHAPES,
    HttpPage,
    document_text,
    page_text,
    served,
    shapes_text,
)

from runthrough.entrypoints import http
from runthrough.entrypoints.cli.serving import PORT
from runthrough.entrypoints.http.problems import STATUSES
from runthrough.entrypoints.http.stream import Streams

REMEDY = "run: python -m tests.support.http_page, and look at what it changed"
CODE = re.compile(r"[A-Z]{2,}(_[A-Z]+)+")
CODES = re.compile(r"^\| `([A-Z_]+)` \| (\d{3}) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where a service's database is made."""
    return tmp_path_factory.mktemp("reference")


def test_the_committed_document_is_the_one_that_is_served(folder):
    """A route or a shape that changed shows in the diff of the document."""
    assert DOCUMENT.read_text(encoding="utf-8") == document_text(folder), REMEDY


def test_the_shapes_are_those_of_the_pages(folder):
    """What the document is made with is generated of what people read."""
    with served(folder) as app:
        assert SHAPES.read_text(encoding="utf-8") == shapes_text(app), REMEDY


def test_the_page_tells_every_route_and_status(folder):
    """Routes with role and sentence, and errors with statuses, are as the code has them."""
    with served(folder) as app:
        told = page_text(app)
    assert PAGE.read_text(encoding="utf-8") == told, REMEDY
    assert told.count("](errors.md) | ") == len(STATUSES)


def refusals():
    """The codes of everything that the service refuses by itself: they look like nothing else."""
    for file in sorted(Path(http.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            given = node.args if isinstance(node, ast.Call) else ()
            given = node.defaults if isinstance(node, ast.arguments) else given
            for part in (each for one in given for each in ast.walk(one)):
                value = part.value if isinstance(part, ast.Constant) else None
                if isinstance(value, str) and CODE.fullmatch(value):
                    yield value


def test_the_page_tells_every_refusal_of_the_service():
    """Programs go by codes: none is missing on the page, and none is told that there is not."""
    told = {code for code, _ in CODES.findall(PAGE.read_text(encoding="utf-8"))}
    assert set(refusals()) - told == set()
    files = Path(http.__file__).parent.rglob("*.py")
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    from_framework = {"METHOD_NOT_ALLOWED"}
    assert {code for code in told - from_framework if f'"{code}"' not in source} == set()


def test_the_page_tells_how_many_streams_there_are():
    """The numbers are those that the service goes by."""
    told, usual = PAGE.read_text(encoding="utf-8"), Streams()
    assert f"A token has {usual.per_token} streams at most, and a process {usual.in_all}" in told
    assert f"A comment every {usual.heartbeat_s:.0f} seconds" in told


def test_the_examples_ask_where_the_service_listens():
    """At the port that it takes where nothing else is said."""
    asked = re.findall(r"http://127\.0\.0\.1:(\d+)/", PAGE.read_text(encoding="utf-8"))
    assert set(asked) == {str(PORT)}


def test_every_shape_of_the_page_is_answered_by_a_route():
    """A shape that no route answers is told to nobody."""
    page = HttpPage()
    own = re.findall(r"^### `(\w+)`$", page.text.partition("\n## Shapes\n")[2], re.MULTILINE)
    document = DOCUMENT.read_text(encoding="utf-8")
    assert [name for name in own if f'"#/components/schemas/{name}"' not in document] == []
