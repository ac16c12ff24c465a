"""A team's database on PostgreSQL, and services that stand on it, each a process of its own."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.audience import Listener, Writer, as_wished
from tests.support.desk import Desk, shop, top
from tests.support.held import HELD
from tests.support.served import Served, served

from runthrough.bootstrap import Application, load_pipeline


@dataclass
class Team:
    """A shop whose sessions are in a team's database."""

    desk: Desk
    url: str
    application: Application

    def served(self, *words: str, **environ: str) -> AbstractContextManager[Served]:
        """One more service on the database."""
        told = {"RUNTHROUGH_DATABASE_URL": self.url, **environ}
        return served(self.desk.shell, *words, **told)

    def begin(self, *names: str) -> None:
        """Begin sessions that lack nothing."""
        definition = load_pipeline(self.desk.folder / "pipeline.yaml")
        for name in names:
            self.application.sessions.start(definition, name=name).configure("report", top())

    def token(self, actor: str, role: Any) -> str:
        """The text of a new token."""
        return self.application.tokens.create(
            actor, role, sessions=None, expires_in_s=3600, created_by="owner"
        )[0]

    def tokens(self, count: int) -> list[str]:
        """One for each of so many listeners; the few that there are may each listen often."""
        made = [self.token("vera", "viewer") for _ in range(-(-count // 25))]
        return [made[number % len(made)] for number in range(count)]

    def hold(self) -> None:
        """Let the first script wait until it is let go."""
        self.desk.script("clean", HELD)


@contextmanager
def team(folder: Path, url: str) -> Iterator[Team]:
    """The shop, over a database of PostgreSQL; no session is begun yet."""
    with shop(folder) as desk:
        yield Team(desk, url, desk.application("owner", RUNTHROUGH_DATABASE_URL=url))


async def heard_by(listeners: Sequence[Listener], writers: Sequence[Writer]) -> list[str]:
    """Wait until all could have heard what was written; what is wrong with what they did."""
    count = sum(len(writer.written) for writer in writers)
    await asyncio.gather(*(each.has(count) for each in listeners))
    return [told for each in listeners if (told := as_wished(each, writers))]
