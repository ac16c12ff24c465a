"""What routes answer, for the OpenAPI document.

The shapes are those of docs/reference/json.md and docs/reference/http.md, where people read them
and tests hold them against real answers: `python -m tests.support.openapi` writes `shapes.json`
from those pages, so that there is no second vocabulary.
"""

import json
import re
from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import Any

Schema = dict[str, Any]
Responses = dict[int | str, dict[str, Any]]
_LEAVES: dict[str, Schema] = {
    "text": {"type": "string"},
    "path": {"type": "string"},
    "command": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "whole": {"type": "integer"},
    "number": {"type": "number"},
    "flag": {"type": "boolean"},
    "value": {},
    "null": {"type": "null"},
}
COMPONENTS = "#/components/schemas/"


def answers(told: str, status: HTTPStatus = HTTPStatus.OK, what: str = "") -> Responses:
    """What a route answers, as the reference tells it: `SessionStatus`, `list of HistoryRow`."""
    content = {"application/json": {"schema": schema_of(told)}}
    return {int(status): {"description": what or status.phrase, "content": content}}


def answers_text(*media_types: str, what: str = "") -> Responses:
    """The same of a route that answers a text, in one of several forms."""
    content = {media: {"schema": {"type": "string"}} for media in media_types}
    return {200: {"description": what or HTTPStatus.OK.phrase, "content": content}}


def schema_of(told: str) -> Schema:
    """A type of the reference as JSON Schema."""
    kinds = [one for one in told.split(" or ") if one != "absent"]
    if len(kinds) == 1:
        return _schema_of_one(kinds[0])
    return {"anyOf": [_schema_of_one(one) for one in kinds]}


def component_of(title: str, shape: dict[str, str]) -> Schema:
    """A shape of the reference, key → type, as JSON Schema; keys may be added to it later."""
    needed = [key for key, told in shape.items() if "absent" not in told.split(" or ")]
    properties = {key: schema_of(told) for key, told in shape.items()}
    return {"title": title, "type": "object", "properties": properties, "required": needed}


def component_name(told: str) -> str:
    """What the component of a shape is called: `audit verify` is `AuditVerifyAnswer`."""
    if told[0].isupper():
        return told
    return "".join(word.capitalize() for word in re.split(r"[ -]", told)) + "Answer"


@cache
def components() -> dict[str, Schema]:
    """All shapes of the reference, by the names of their components."""
    file = resources.files("runthrough.entrypoints.http.api") / "shapes.json"
    found: dict[str, Schema] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _schema_of_one(told: str) -> Schema:
    if told.startswith("list of "):
        return {"type": "array", "items": schema_of(told.removeprefix("list of "))}
    if told.startswith("map of "):
        inner = schema_of(told.removeprefix("map of "))
        return {"type": "object", "additionalProperties": inner}
    if told.startswith("optional "):
        return {"anyOf": [schema_of(told.removeprefix("optional ")), _LEAVES["null"]]}
    if told in _LEAVES:
        return _LEAVES[told]
    return {"$ref": f"{COMPONENTS}{component_name(told)}"}
