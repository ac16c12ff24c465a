"""Eight processes that write one SQLite session at once, beside plain `busy_timeout`.

Each configures a node through the application's loop, `CommandHandler`: it decides and appends,
and when others were faster, once more under the writer lock, behind what they wrote. The peer is
the same code on the same tables, but for the turns among processes: SQLite has each of them ask
again and again, for 30 s as well. Both get fresh files, and take turns round by round.

Measured twice: with a pause behind each append, as long as a command is busy with looking and
answering, and without any. Without one, the peer's processes hardly share: whoever has just
written writes again before others ask again.
"""

import random
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

from contest import MILLI, OURS, Figures, Goal, heading, line, quick, tell
from crowd import crowd, meet, percentile
from sample import SESSION
from sessions import Writer, begin, handler_over

from runthrough.adapters.store.mutex import FairMutex
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.adapters.store.sql_audit import SqlAuditLog
from runthrough.adapters.store.sqlite import SqliteDatabase
from runthrough.errors import StoreUnavailableError

WRITERS = 8
PAUSE_S = 0.003
"""Between two appends of a process, on average."""
PEER = "plain busy_timeout"
GOALS = {"throughput": Goal("≥", 1.7), "p99": Goal("≤", 0.4)}
UNITS = {"throughput": (1, "commits/s"), "share of the slowest": (100, "% of the mean")}
FAULTS = ("lost", "doubled", "given_up")


class PlainDatabase(SqliteDatabase):
    """A database that takes turns among its own threads only."""

    def __init__(self, *arguments, **keywords) -> None:
        super().__init__(*arguments, **keywords)
        self._mutex = FairMutex()


class Writing(NamedTuple):
    """What one process did."""

    seconds: list[float]
    """Of each append that was acknowledged."""
    acknowledged: list[str]
    """Their commands."""
    given_up: int
    began_at: float
    """On the clock that all processes share."""
    ended_at: float


def write(path: str, number: int, seconds: float, pause_s: float, plain: bool) -> Writing:
    """In a child: append for so long."""
    opened = PlainDatabase if plain else SqliteDatabase
    dice = random.Random(number)
    with opened.open(Path(path)) as database:
        writer = Writer(handler_over(database), SESSION)
        taken, acknowledged, given_up = [], [f"first-{number}"], 0
        writer.write(acknowledged[0])  # loads what the first decision needs
        meet()
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            command = f"command-{number}-{len(taken) + given_up}"
            asked = time.perf_counter()
            try:
                writer.write(command)
            except StoreUnavailableError:
                given_up += 1
            else:
                taken.append(time.perf_counter() - asked)
                acknowledged.append(command)
            if pause_s:
                time.sleep(dice.uniform(0, 2 * pause_s))
        return Writing(taken, acknowledged, given_up, began, time.monotonic())


def fight(*, seconds: float, pause_s: float, plain: bool) -> tuple[dict[str, float], Counter[str]]:
    """One round on a fresh file: what was reached, and what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        with open_database(f"sqlite:///{path}") as database:
            begin(SqlEventStore(database), SESSION)
            did = crowd(
                write, [(str(path), number, seconds, pause_s, plain) for number in range(WRITERS)]
            )
            rows = SqlAuditLog(database).stored(SESSION)
            stored = Counter(row.command_id for row in rows if row.type == "ScriptConfigured")
            if not SqlAuditLog(database).verify().ok:
                raise SystemExit("the log does not verify")
    acknowledged = Counter(command for one in did for command in one.acknowledged)
    taken = [took for one in did for took in one.seconds]
    whole = max(one.ended_at for one in did) - min(one.began_at for one in did)
    wrong = Counter(
        lost=(acknowledged - stored).total(),
        doubled=(stored - Counter(dict.fromkeys(stored, 1))).total(),
        given_up=sum(one.given_up for one in did),
    )
    fewest = min(len(one.seconds) for one in did)
    reached = {
        "throughput": len(taken) / whole,
        "p50": percentile(taken, 0.5),
        "p99": percentile(taken, 0.99),
        "max": max(taken),
        "share of the slowest": fewest * WRITERS / len(taken),
    }
    return reached, wrong


def compare(what: str, *, rounds: int, seconds: float, pause_s: float) -> bool:
    """Print the rows of both; whether nothing of ours went wrong."""
    figures: dict[str, Figures] = defaultdict(Figures)
    wrong = {OURS: Counter(), PEER: Counter()}
    for turn in range(rounds):
        reached = {}
        for name in (OURS, PEER) if turn % 2 else (PEER, OURS):
            plain = name == PEER
            reached[name], failed = fight(seconds=seconds, pause_s=pause_s, plain=plain)
            wrong[name].update(failed)
        for measure in reached[OURS]:
            figures[measure].add({name: [reached[name][measure]] for name in reached})
    for measure, taken in figures.items():
        scale, unit = UNITS.get(measure, MILLI)
        mine, theirs = (f"{taken.median(who) * scale:.1f} {unit}" for who in (OURS, PEER))
        ratio = taken.ratio(OURS, to=PEER)
        tell(f"{what}: {measure}", mine, f"{PEER}: {theirs}", ratio, GOALS.get(measure))
    told = {who: " / ".join(str(faults[name]) for name in FAULTS) for who, faults in wrong.items()}
    words = " / ".join(FAULTS).replace("_", " ")
    line(f"{what}: {words}", told[OURS], f"{PEER}: {told[PEER]}", "none", "0 / 0 / 0")
    return not any(wrong[OURS].values())


def main() -> None:
    few = quick()
    seconds, rounds = (2, 1) if few else (5, 4)
    heading(f"{rounds} rounds of {seconds} s, events of about 420 bytes")
    whole = True
    for pause_s, how in ((PAUSE_S, f"{PAUSE_S * 1e3:g} ms apart"), (0, "without a pause")):
        what = f"{WRITERS} processes on one SQLite session, {how}"
        whole &= compare(what, rounds=rounds, seconds=seconds, pause_s=pause_s)
    if not whole:
        raise SystemExit("commands were lost, doubled or given up")


if __name__ == "__main__":
    main()
