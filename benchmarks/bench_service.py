"""A service under the load of a team: 200 who listen, and 20 who write.

One `runthrough serve` over PostgreSQL, in a process of its own; listeners and writers are bare
sockets of this process. Each writer records a note a second in a session of its own. Told is how
long an event takes from when it is recorded (`recorded_at`, which is taken before its commit)
until it has arrived at a listener, over all listeners; what a request takes; and the service's
memory from the end of a first round to the end of the last one. No peer does the same.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from contest import Goal, heading, line, missing, quick, tell
from crowd import percentile
from peers import no_postgres, postgres_server
from tests.support.audience import Listener, Writer, audience, resident_bytes, texts_of
from tests.support.served import Served
from tests.support.several import heard_by, team

LISTENERS, WRITERS, SECONDS = 200, 20, 30
ROUNDS = 3
TOLD_MS = 250
GROWTH = 1.1
MB = 1024 * 1024


@dataclass
class Round:
    """What one round took."""

    told_ms: list[float]
    asked_ms: list[float]
    resident_bytes: int
    """What the service holds at its end."""


async def one_round(begun: Served, listening: Sequence[str], writing: str, seconds: int) -> Round:
    """Let all write and listen for so long.

    Raises:
        SystemExit: A listener missed something, or got it twice or out of order.
    """
    writers = [Writer(begun.place, writing, f"s{number}") for number in range(WRITERS)]
    async with audience(begun.place, listening) as listeners:
        await asyncio.gather(
            *(
                writer.write(texts_of(number, seconds), 1.0, number / WRITERS)
                for number, writer in enumerate(writers)
            )
        )
        wrong = await heard_by(listeners, writers)
    if wrong:
        raise SystemExit(f"{len(wrong)} listeners of {LISTENERS} were not told all: {wrong[0]}")
    asked_ms = [taken_s * 1e3 for writer in writers for taken_s in writer.taken_s]
    return Round(told_after_ms(listeners), asked_ms, resident_bytes(begun.process.pid))


def told_after_ms(listeners: Sequence[Listener]) -> list[float]:
    """How long each event took to each listener, from when it was recorded."""
    recorded_s = {
        heard.recorded_at: datetime.fromisoformat(heard.recorded_at).timestamp()
        for heard in listeners[0].heard
    }
    return [
        (heard.at_s - recorded_s[heard.recorded_at]) * 1e3
        for each in listeners
        for heard in each.heard
    ]


def measured(rounds: int, seconds: int) -> list[Round]:
    """A round that warms up, and those that count."""
    with postgres_server() as postgres, tempfile.TemporaryDirectory() as folder:  # noqa: SIM117
        with team(Path(folder) / "shop", postgres.migrated()) as shared:
            shared.begin(*(f"s{number}" for number in range(WRITERS)))
            listening, writing = shared.tokens(LISTENERS), shared.token("tim", "tester")
            with shared.served() as begun:
                return [
                    asyncio.run(one_round(begun, listening, writing, seconds))
                    for _ in range(rounds + 1)
                ]


def main() -> None:
    few = quick()
    heading(f"{LISTENERS} listeners, {WRITERS} writers of an event a second each, PostgreSQL")
    what = f"{LISTENERS} listeners, {WRITERS} events a second, from recorded to heard"
    why = no_postgres()
    if why:
        missing(what, why)
        return
    warm_up, *counted = measured(1 if few else ROUNDS, 3 if few else SECONDS)
    told_ms = [each for one in counted for each in one.told_ms]
    asked_ms = [each for one in counted for each in one.asked_ms]
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        took = percentile(told_ms, share)
        goal = Goal("≤", 1) if name == "p95" else None
        tell(f"{what}: {name}", f"{took:.0f} ms", f"goal: {TOLD_MS} ms", took / TOLD_MS, goal)
    of_each = ", ".join(f"{percentile(each.told_ms, 0.95):.0f}" for each in counted)
    line(f"{what}: p95 of each round", f"{of_each} ms", "none", "none", "none")
    line(f"{what}: lost / doubled / out of order", "0 / 0 / 0", "none", "none", "0 / 0 / 0")
    asked = f"{percentile(asked_ms, 0.5):.0f} / {percentile(asked_ms, 0.95):.0f} ms"
    line("the same, a request that records: p50 / p95", asked, "none", "none", "none")
    before, after = warm_up.resident_bytes, counted[-1].resident_bytes
    tell(
        f"the same, memory of the service after {len(counted)} more rounds",
        f"{after / MB:.0f} MB",
        f"after the first round: {before / MB:.0f} MB",
        after / before,
        Goal("≤", GROWTH),
    )


if __name__ == "__main__":
    main()
