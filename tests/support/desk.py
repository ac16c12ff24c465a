"""A desk where several people meet over one session: real files, database, doors and scripts."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.support.cli import Shell
from tests.support.databases import lay
from tests.support.pipelines import CLEAN, ORDERS, REPORT, TOTAL

from runthrough.application.answers import Answers
from runthrough.application.session import Session
from runthrough.bootstrap import Application, load_pipeline, wire
from runthrough.core.views.history import HistoryRow

NAME = "demo"
SHOP = """\
name: shop
scripts: [scripts]
nodes:
  clean:
    inputs: {orders: data/orders.csv}
    environ_vars: {CURRENCY: EUR}
  total: {}
  report: {}
edges:
  - [clean, total]
  - [total, report]
"""
"""`clean` and `total` need nobody, `report` needs to be told `top`."""


@dataclass
class Desk:
    """A folder with a pipeline, and those who work on it from this host or from others."""

    shell: Shell
    visitors: ExitStack = field(default_factory=ExitStack)

    @property
    def folder(self) -> Path:
        """Where the pipeline file lies."""
        return self.shell.folder

    @property
    def orders(self) -> Path:
        """The file that the first node reads."""
        return self.folder / "data/orders.csv"

    def script(self, name: str, source: str) -> Path:
        """Write a script where the pipeline looks for scripts."""
        return self.shell.file(f"scripts/{name}.py", source.lstrip())

    def application(self, actor: str = "ann", host: str = "here", **environ: str) -> Application:
        """What a door gives a person, on a host."""
        told = self.shell.environ(RUNTHROUGH_ACTOR=actor, RUNTHROUGH_HOST=host, **environ)
        lay(self.shell.database)
        wired = wire("cli", cwd=str(self.folder), environ=told)
        return self.visitors.enter_context(wired)

    def begin(self, actor: str = "ann", *, name: str = NAME, **answers: Answers) -> Session:
        """Begin the session, and configure some nodes."""
        definition = load_pipeline(self.folder / "pipeline.yaml")
        session = self.application(actor).sessions.start(definition, name=name)
        for node, given in answers.items():
            session.configure(node, given)
        return session

    def enter(self, actor: str = "bob", host: str = "here", *, name: str = NAME) -> Session:
        """Another person at the session, who has seen what stands now."""
        return self.application(actor, host).sessions.open(name)

    def events(self, *kinds: str) -> list[tuple[str, str | None, dict[str, Any]]]:
        """Type, node and payload of all events of the database, or of those of some types."""
        read_only = f"file:{self.shell.database}?mode=ro"
        with closing(sqlite3.connect(read_only, uri=True)) as database:
            rows = database.execute(
                "SELECT type, subject, payload FROM events ORDER BY position"
            ).fetchall()
        return [(t, node, json.loads(text)) for t, node, text in rows if not kinds or t in kinds]

    def count(self, kind: str, node: str | None = None) -> int:
        """How many events of a type there are, of all nodes or of one."""
        return sum(node in (None, of) for _, of, _ in self.events(kind))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.visitors.close()


def shop(folder: Path) -> Desk:
    """The three scripts of a shop with their file and their orders; nothing is begun yet."""
    shell = Shell(folder)
    shell.file("pipeline.yaml", SHOP)
    shell.file("data/orders.csv", ORDERS)
    desk = Desk(shell)
    for name, source in (("clean", CLEAN), ("total", TOTAL), ("report", REPORT)):
        desk.script(name, source)
    return desk


def top(number: int = 1, **more: Any) -> Answers:
    """What `report` needs to be told."""
    return Answers(job_args={"top": number}, **more)


def states(session: Session) -> dict[str, str]:
    """Node → lifecycle state, as the session stands."""
    session.refresh()
    return {
        node: there.state.value
        for node, there in session.state.nodes.items()
        if there.state is not None
    }


def categories(session: Session) -> dict[str, str]:
    """Node → its category in the work list, with the world as it is now."""
    return {row.node: row.category for row in session.worklist()}


def outcomes(results: dict[str, Any]) -> dict[str, str]:
    """Node → outcome of one run."""
    return {node: row["outcome"] for node, row in results["outcomes"].items()}


def sentences(rows: Iterable[HistoryRow]) -> list[str]:
    """What a reader of history is told."""
    return [row.sentence for row in rows]
