"""Parts of a log: which events pass a filter, and how an export tells its filter."""

from collections.abc import Callable, Iterable, Mapping

from runthrough.adapters.exports.naming import AboutNodes
from runthrough.adapters.store.codec import read_time, time_text
from runthrough.core.values.store import EventFilter, StoredEvent

_LISTS = {"node": "nodes", "actor": "actors", "type": "types"}
_TIMES = ("since", "until")


def passes(
    wanted: EventFilter,
    *,
    naming: Iterable[StoredEvent] = (),
    session_id: str | None = None,
) -> Callable[[StoredEvent], bool]:
    """What tells whether an event passes the filter.

    `naming` are the events that name nodes, so that a node is known under its earlier names; of
    `session_id` with its ancestors, or of the whole log. Times are compared as they are stored:
    text whose order is that of the times.
    """
    is_about = AboutNodes(wanted.nodes, naming, session_id) if wanted.nodes else None
    actors, types = frozenset(wanted.actors), frozenset(wanted.types)
    since = time_text(wanted.since) if wanted.since else ""
    until = time_text(wanted.until) if wanted.until else None

    def fits(row: StoredEvent) -> bool:
        return (
            (not actors or row.actor in actors)
            and (not types or row.type in types)
            and row.recorded_at >= since
            and (until is None or row.recorded_at <= until)
            and (is_about is None or is_about(row))
        )

    return fits


def told_filter(wanted: EventFilter) -> dict[str, list[str] | str]:
    """The filter as the first line of an export tells it; parts that are empty are left out."""
    lists = {name: list(getattr(wanted, part)) for name, part in _LISTS.items()}
    times = {name: getattr(wanted, name) for name in _TIMES}
    return {
        **{name: values for name, values in lists.items() if values},
        **{name: time_text(at) for name, at in times.items() if at is not None},
    }


def read_filter(told: object) -> EventFilter:
    """The filter that `told_filter` told of.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(told, Mapping) or not told.keys() <= {*_LISTS, *_TIMES}:
        raise ValueError("filter")
    lists: dict[str, tuple[str, ...]] = {}
    for name in _LISTS:
        values = told.get(name, [])
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            raise ValueError(name)
        lists[name] = tuple(values)
    times = {name: read_time(str(told[name])) if name in told else None for name in _TIMES}
    return EventFilter(lists["node"], lists["actor"], lists["type"], **times)


def filter_words(wanted: EventFilter) -> str:
    """The filter in words, as it is typed."""
    told = told_filter(wanted)
    return ", ".join(
        f"{name} {' or '.join(value) if isinstance(value, list) else value}"
        for name, value in told.items()
    )
