"""A team's two machines: a service on each, over one database, each with its own folder."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from tests.support.browsing import Browser
from tests.support.desk import Desk
from tests.support.served import Served, served

from runthrough.core.commands import StartRun, StartScript
from runthrough.core.values.ids import RunId
from runthrough.core.values.metadata import Holder

OWN = shutil.ignore_patterns(".runthrough", "log.db*", "home", "started", "go")


@dataclass
class Machine:
    """A service on a machine, and who may come there."""

    served: Served
    folder: Path
    """The only one that it touches."""
    client: httpx2.Client
    tokens: dict[str, str]
    """Who has which token."""

    @property
    def origin(self) -> str:
        """What a browser says its pages come from."""
        return self.served.url

    def as_(self, actor: str) -> dict[str, str]:
        """Headers that say who asks."""
        return {"Authorization": f"Bearer {self.tokens[actor]}"}

    def browser(self, actor: str) -> Browser:
        """A person's browser at this machine's service."""
        return Browser(self, actor)


@contextmanager
def machine(desk: Desk, host: str, folder: Path, tokens: dict[str, str]) -> Iterator[Machine]:
    """A service over the desk's database, on a machine that goes by a name of its own."""
    with (
        served(desk.shell, "--root", str(folder), cwd=folder, RUNTHROUGH_HOST=host) as begun,
        begun.client(follow_redirects=True) as client,
    ):
        yield Machine(begun, folder, client, tokens)


def tokens_of(desk: Desk, **roles: str) -> dict[str, str]:
    """A new token for each person, which holds at every service of the database."""
    made = desk.application("owner").tokens
    return {
        actor: made.create(actor, role, sessions=None, expires_in_s=3600, created_by="owner")[0]
        for actor, role in roles.items()
    }


def clone(desk: Desk, folder: Path) -> Path:
    """The desk's project as it is checked out on another machine."""
    return Path(shutil.copytree(desk.folder, folder, ignore=OWN))


def run_out_of_sight(desk: Desk) -> str:
    """Begin a run as a tester does whose processes nobody at the desk sees; the run.

    Its machine goes by the desk's name, as a container of it does, and has processes of its own.
    """
    session, run = desk.enter("ann"), RunId("run-of-a-container")
    holder = Holder(host="here", boot_id="its own", pid=1, started_at=1.0, host_name="away")
    leases, now = session._ports.leases, session._ports.clock()
    leases.take(run, session_id=session.session_id, holder=holder, at=now)
    session._handle(StartRun(run=run, holder=holder, runner="process:"))
    started = StartScript(
        run=run, node="clean", attempt="a", fingerprint=(), runner="process:", outputs={}
    )
    session._handle(started)
    return run
