"""Arbitrary values of the core's types, made from their annotations."""

import types
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue
from tests.support.builders import envelopes, pipeline, session_started

from runthrough.core.events import Event, EventEnvelope, NodeEvent, PipelineChanged, SessionStarted
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName, RecordedPath

NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc")),
    min_size=1,
    max_size=12,
)
"""Names of nodes, inputs and the like: any Unicode but control characters."""
PATHS = st.builds("{}:{}".format, st.sampled_from(["workspace", "pipeline", "session"]), NAMES)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
_PLAIN = {
    str: st.text(max_size=20),
    int: st.integers(),
    float: FLOATS,
    bool: st.booleans(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    NodeName: NAMES,
    RecordedPath: PATHS,
    Output: st.builds(Output, node=NAMES, output=NAMES, subpath=st.none() | NAMES),
}


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of a type as pydantic models of the core write it."""
    if annotation is JsonValue:
        return JSON_VALUES
    if annotation is None or annotation is type(None):
        return st.none()
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if isinstance(annotation, NewType):
        return values(annotation.__supertype__)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return st.deferred(lambda: models(annotation))
    return _composed(annotation)


def models(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Instances of a model with every field drawn."""
    hints = get_type_hints(model, include_extras=True)
    return st.builds(model, **{name: values(hints[name]) for name in model.model_fields})


def events() -> st.SearchStrategy[Any]:
    """Events of every type."""
    return st.one_of([models(event) for event in EVENT_CLASSES])


def _composed(annotation: Any) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is Annotated:
        return values(arguments[0])
    if origin in {Union, types.UnionType}:
        return st.one_of([values(argument) for argument in arguments])
    if origin is dict:
        keys = NAMES if arguments[0] is str else values(arguments[0])
        return st.dictionaries(keys, values(arguments[1]), max_size=3)
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, arguments))
    raise TypeError(f"no strategy for {annotation!r}")


EVENT_CLASSES: tuple[type[BaseModel], ...] = get_args(get_args(Event)[0])


OTHER_PIPELINE = pipeline(("b", "a"), ("c", "e"), ("d", "e"))


def histories() -> st.SearchStrategy[tuple[EventEnvelope, ...]]:
    """Sessions over four nodes: a start, then events of every other type in any order."""
    kinds = [models(event) for event in EVENT_CLASSES if event is not SessionStarted]
    node = st.sampled_from("abcd")
    happened = st.builds(_about, st.one_of(kinds), node, node)
    started = session_started(pipeline(("a", "b"), ("b", "c"), ("a", "d")))
    return st.lists(happened, max_size=12).map(lambda events: envelopes((started, *events)))


def _about(event: Any, node: str, source: str) -> Any:
    """The event, about nodes that the session has; another pipeline has them all."""
    if isinstance(event, PipelineChanged):
        known = {"pipeline": OTHER_PIPELINE, "added": ("e",), "removed": (), "renamed": {}}
        return event.model_copy(update=known)
    if not isinstance(event, NodeEvent):
        return event
    known = {"node": node}
    if "from_node" in type(event).model_fields:
        known["from_node"] = source
    return event.model_copy(update=known)
