"""Sixteen callers of one process, each with its own session, beside `eventsourcing`.

Each caller is a thread that wants one event durable: with ours through `SqlEventStore.append`,
with the peer through `Application.save` of an aggregate of its own. Measured twice. **One each**:
all ask at one moment, and timed is the way until the last one has its answer; making the events
is left out on both sides. **In a row**: each asks for the next one as soon as it has its answer;
making the events is in, on both sides.

Callers that meet on **one session** decide one after another under the writer lock, through the
application's loop, `CommandHandler`; they stand beside one of them that is alone.
"""

import json
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from pathlib import Path

from bench_append import FUNCTIONS, THEIRS
from contest import OURS, Contestant, Figures, Goal, heading, missing, quick, row
from peers import (
    Application,
    PlainSession,
    eventsourcing_on_postgres,
    eventsourcing_on_sqlite,
    no_postgres,
    postgres_server,
)
from sample import NODE, SESSION, command_id, event, metadata, payload_bytes
from sessions import Writer, begin, handler_over

from runthrough.adapters.store import codec
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.core.values.ids import SessionId
from runthrough.core.values.store import ZERO_HASH

CALLERS = 16
WARM_UP, ONE_EACH, IN_A_ROW = 3, 30, 30
"""Appends of each caller: together fewer than bring SQLite's file to its second checkpoint."""
LONG_S = 120
ALONE = "one of them alone"


def ours(store: SqlEventStore, caller: int) -> Contestant:
    """One caller of ours."""
    session = SessionId(f"019a0000-0000-7000-8000-{caller:012x}")

    def prepare(number: int) -> Callable[[], object]:
        return partial(
            store.append,
            session,
            events=[event()],
            expected_version=number,
            metadata=metadata(command_id(caller * 100_000 + number)),
            request_hash=ZERO_HASH,
        )

    return prepare


def theirs(application: Application, _caller: int) -> Contestant:
    """One caller of the peer: an aggregate whose pending event holds our payload."""
    aggregate = PlainSession()
    application.save(aggregate)
    payload = json.loads(codec.encode(event()))

    def prepare(_number: int) -> Callable[[], object]:
        aggregate.trigger_event(PlainSession.Configured, node=NODE, **payload)
        return partial(application.save, aggregate)

    return prepare


def callers(
    one: Callable[..., Contestant], store: SqlEventStore | Application
) -> list[Contestant]:
    """All callers of a store."""
    return [one(store, caller) for caller in range(CALLERS)]


def one_each(crowd: Sequence[Contestant], numbers: range) -> list[float]:
    """Seconds from one moment until all have their answers, for each number."""
    gate, taken = threading.Barrier(CALLERS + 1), []

    def stand(prepare: Contestant) -> None:
        for number in numbers:
            call = prepare(number)
            gate.wait(LONG_S)
            call()
            gate.wait(LONG_S)

    with ThreadPoolExecutor(CALLERS) as threads:
        standing = [threads.submit(stand, prepare) for prepare in crowd]
        for _ in numbers:
            gate.wait(LONG_S)
            began = time.perf_counter()
            gate.wait(LONG_S)
            taken.append(time.perf_counter() - began)
        for each in standing:
            each.result()
    return taken


def in_a_row(crowd: Sequence[Contestant], numbers: range) -> list[float]:
    """Seconds until all have had all their answers, one after another; divided by their number."""
    gate = threading.Barrier(len(crowd) + 1)

    def stand(prepare: Contestant) -> None:
        gate.wait(LONG_S)
        for number in numbers:
            prepare(number)()

    with ThreadPoolExecutor(CALLERS) as threads:
        standing = [threads.submit(stand, prepare) for prepare in crowd]
        gate.wait(LONG_S)
        began = time.perf_counter()
        for each in standing:
            each.result()
        return [(time.perf_counter() - began) / len(numbers)]


def compete(
    crowds: Mapping[str, Sequence[Contestant]], each: Figures, rows: Figures, turn: int
) -> None:
    """One round; who goes first rotates."""
    names = list(crowds)
    names = names[turn % len(names) :] + names[: turn % len(names)]
    ends = (0, WARM_UP, WARM_UP + ONE_EACH, WARM_UP + ONE_EACH + IN_A_ROW)
    warm_up, alone, repeated = (range(*pair) for pair in pairwise(ends))
    for name in names:
        one_each(crowds[name], warm_up)
    each.add({name: one_each(crowds[name], alone) for name in names})
    rows.add({name: in_a_row(crowds[name], repeated) for name in names})


def on_sqlite(each: Figures, rows: Figures, turn: int) -> None:
    """One round on fresh files."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        database = stack.enter_context(open_database(f"sqlite:///{folder}/ours.db"))
        application = stack.enter_context(eventsourcing_on_sqlite(folder / "theirs.db"))
        crowds = {
            OURS: callers(ours, SqlEventStore(database)),
            THEIRS: callers(theirs, application),
        }
        compete(crowds, each, rows, turn)


def on_postgres(each: Figures, rows: Figures, turn: int, postgres) -> None:
    """One round on new databases of one server."""
    with ExitStack() as stack:
        database = stack.enter_context(open_database(postgres.migrated()))
        crowds = {OURS: callers(ours, SqlEventStore(database))}
        for name, functions in ((THEIRS, False), (FUNCTIONS, True)):
            application = stack.enter_context(
                eventsourcing_on_postgres(postgres.new_database(), functions=functions)
            )
            crowds[name] = callers(theirs, application)
        compete(crowds, each, rows, turn)


def on_one_session(figures: Figures, url: str) -> None:
    """One round of the application's loop: all on one session, and one of them alone."""
    with open_database(url) as database:
        begin(SqlEventStore(database), SESSION)
        writers = [Writer(handler_over(database), SESSION) for _ in range(CALLERS)]

        def caller(number: int) -> Contestant:
            return lambda turn: partial(writers[number].write, f"command-{number}-{turn}")

        crowd = [caller(number) for number in range(CALLERS)]
        (all_of_them,) = in_a_row(crowd, range(IN_A_ROW))
        (alone,) = in_a_row(crowd[:1], range(IN_A_ROW, 5 * IN_A_ROW))
        figures.add({OURS: [all_of_them / CALLERS], ALONE: [alone]})


def tell(where: str, each: Figures, rows: Figures, goal: Goal, *peers: str) -> None:
    """The rows of one database, per event."""
    for how, figures in (("one event each", each), ("in a row", rows)):
        for number, peer in enumerate(peers):
            what = f"{CALLERS} callers on {where}, {how}, per event"
            row(what, figures, peer, None if number else goal, per=CALLERS, faster=True)


def main() -> None:
    few = quick()
    heading(f"{CALLERS} threads, payload of {payload_bytes()} bytes")
    each, rows = Figures(), Figures()
    for turn in range(2 if few else 15):
        on_sqlite(each, rows, turn)
    tell("SQLite", each, rows, Goal("≥", 3), THEIRS)
    figures = Figures()
    for _ in range(2 if few else 7):
        with tempfile.TemporaryDirectory() as folder:
            on_one_session(figures, f"sqlite:///{folder}/ours.db")
    row(f"{CALLERS} callers on one SQLite session, per command", figures, ALONE)
    why = no_postgres()
    if why:
        missing(f"{CALLERS} callers on PostgreSQL", why)
        return
    each, rows = Figures(), Figures()
    with postgres_server() as postgres:
        for turn in range(2 if few else 9):
            on_postgres(each, rows, turn, postgres)
        figures = Figures()
        for _ in range(2 if few else 7):
            on_one_session(figures, postgres.migrated())
    tell("PostgreSQL", each, rows, Goal("≥", 4), THEIRS, FUNCTIONS)
    row(f"{CALLERS} callers on one PostgreSQL session, per command", figures, ALONE)


if __name__ == "__main__":
    main()
