"""Values: what is appended comes back as it was."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from pydantic import JsonValue

from runthrough.core.events import NodeMarkedExternal, ScriptConfigured
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.specs import ScriptSpec
from runthrough.entrypoints.store_suite.examples import EVERY_EVENT
from runthrough.entrypoints.store_suite.rule import Rule, Stores, expect_equal, rule
from runthrough.entrypoints.store_suite.writing import (
    METADATA,
    A,
    Writer,
    new_command,
    said,
)

RULES: list[Rule] = []
_LANGUAGES = (
    "größe",
    "размер",
    "大小",
    "サイズ",
    "גודל",
    "حجم",
    "आकार",
    "😀 👩‍🔬 🏳️‍🌈",
    "line\u2028paragraph\u2029",
    "\ufefffirst",
    "'quotes\" \\ % _ ? ; -- $1 {}",
)


@rule(RULES)
def every_type_of_event_comes_back_equal(stores: Stores) -> None:
    """An event of any type is read back equal to the one that was appended."""
    Writer(stores).append(A, *EVERY_EVENT)
    found = [envelope.event for envelope in stores.events.read(A)]
    for event, wanted in zip(found, EVERY_EVENT, strict=False):
        expect_equal(event, wanted, wanted.type)
    expect_equal(len(found), len(EVERY_EVENT), "events that were read")


@rule(RULES)
def columns_come_back(stores: Stores) -> None:
    """Actor, door, host, time and ids are read back as the caller gave them."""
    given = replace(METADATA, command_id=new_command(), actor_source="token", door="http")
    Writer(stores).append(
        A, said("x"), command_id=given.command_id, actor_source="token", door="http"
    )
    (found,) = stores.events.read(A)
    expect_equal(found.metadata, given, "metadata")


@rule(RULES)
def columns_that_were_left_out_come_back_empty(stores: Stores) -> None:
    """A correlation or a cause that was not given is `None`, not an empty text."""
    Writer(stores).append(A, said("x"), correlation_id=None, causation_id=None)
    (found,) = stores.events.read(A)
    told = (found.metadata.correlation_id, found.metadata.causation_id)
    expect_equal(told, (None, None), "correlation and causation id")


@rule(RULES)
def times_keep_their_microseconds(stores: Stores) -> None:
    """A recorded time is kept to the microsecond, a whole second as well."""
    writer = Writer(stores)
    times = [METADATA.recorded_at.replace(microsecond=part) for part in (0, 1, 120_000, 999_999)]
    for at in times:
        writer.append(A, said("x"), recorded_at=at)
    found = [envelope.metadata.recorded_at for envelope in stores.events.read(A)]
    expect_equal(found, times, "recorded times")


@rule(RULES)
def times_come_back_in_utc(stores: Stores) -> None:
    """A time of another zone is the same moment when it is read, told in UTC."""
    there = timezone(timedelta(hours=5, minutes=45))
    at = datetime(2026, 3, 1, 2, 30, tzinfo=there)
    Writer(stores).append(A, said("x"), recorded_at=at)
    (found,) = stores.events.read(A)
    recorded = found.metadata.recorded_at
    expect_equal((recorded, recorded.utcoffset()), (at, timedelta(0)), "time and offset")


@rule(RULES)
def text_of_any_language_comes_back(stores: Stores) -> None:
    """Every language, every symbol and every quote is read back as it was written."""
    writer = Writer(stores)
    writer.append(A, *map(said, _LANGUAGES))
    expect_equal(writer.texts(A), list(_LANGUAGES), "texts")


@rule(RULES)
def names_of_any_language_come_back(stores: Stores) -> None:
    """A node and an actor may be called whatever has no control characters."""
    writer = Writer(stores)
    names = [text for text in _LANGUAGES if text.isprintable()]
    for name in names:
        writer.append(A, NodeMarkedExternal(node=NodeName(name), outputs={}), actor=name)
    found = [(getattr(e.event, "node", ""), e.metadata.actor) for e in stores.events.read(A)]
    expect_equal(found, [(name, name) for name in names], "node and actor")


@rule(RULES)
def text_is_not_normalised(stores: Stores) -> None:
    """Two spellings of one letter stay two: a file's name is found by its very characters."""
    writer = Writer(stores)
    spellings = ["é", "e\u0301", "ﬁ", "fi", " spaces ", "trailing\n"]
    writer.append(A, *map(said, spellings))
    expect_equal(writer.texts(A), spellings, "texts")


@rule(RULES)
def control_characters_in_payloads_come_back(stores: Stores) -> None:
    """What a script printed is kept whole, its zero bytes and escapes as well."""
    writer = Writer(stores)
    text = "".join(map(chr, range(0xA0)))
    writer.append(A, said(text))
    expect_equal(writer.texts(A), [text], "texts")


@rule(RULES)
def long_text_comes_back(stores: Stores) -> None:
    """A log's tail of many thousand characters is not cut."""
    writer = Writer(stores)
    text = "größe\n" * 50_000
    writer.append(A, said(text))
    expect_equal(writer.texts(A), [text], "texts")


@rule(RULES)
def numbers_come_back_exactly(stores: Stores) -> None:
    """Numbers are not rounded: neither long integers nor the last bit of a float."""
    numbers: list[JsonValue] = [0.1, 1 / 3, 1e308, 5e-324, 1.0, 1, True, 2**53 + 1, -(10**30)]
    _configured(stores, {"numbers": numbers})
    found = _arguments(stores)["numbers"]
    expect_equal(repr(found), repr(numbers), "numbers")


@rule(RULES)
def mappings_keep_their_order(stores: Stores) -> None:
    """The names in a mapping are read back in the order in which they were given."""
    names = ["b", "a", "10", "9", "ä", "aa"]
    _configured(stores, dict.fromkeys(names))
    expect_equal(list(_arguments(stores)), names, "names in their order")


def _configured(stores: Stores, arguments: dict[str, JsonValue]) -> None:
    spec = ScriptSpec(input_paths={"data": RecordedPath("workspace:x")}, job_args=arguments)
    event = ScriptConfigured(node=NodeName("n"), spec=spec, evidence=())
    Writer(stores).append(A, event)


def _arguments(stores: Stores) -> dict[str, JsonValue]:
    (found,) = stores.events.read(A)
    return found.event.spec.job_args if isinstance(found.event, ScriptConfigured) else {}
