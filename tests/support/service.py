"""The service in this process: a desk's sessions over HTTP, with a token for each role."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.testclient import TestClient
from tests.support.databases import lay
from tests.support.desk import Desk, shop

from runthrough.application.session import Session
from runthrough.bootstrap import Application, wire
from runthrough.entrypoints.http import ServiceOptions, create_app

HOST = "testserver"
OPTIONS = ServiceOptions(hosts=frozenset({HOST}), origins=frozenset({f"http://{HOST}"}))
ROLES = {"vera": "viewer", "tim": "tester", "ada": "admin"}
"""Who has a token of which role."""


@dataclass
class Counter:
    """Where requests are handed in."""

    desk: Desk
    application: Application
    client: TestClient
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """What a browser says its pages come from."""
        return f"http://{HOST}"

    def as_(self, actor: str) -> dict[str, str]:
        """Headers that say who asks."""
        return {"Authorization": f"Bearer {self.tokens[actor]}"}

    def begin(self, *, name: str = "demo") -> Session:
        """Begin the shop's session, through the desk's own door."""
        return self.desk.begin(name=name)


@contextmanager
def service(
    folder: Path, *, options: ServiceOptions = OPTIONS, environ: dict[str, str] | None = None
) -> Iterator[Counter]:
    """The shop with its service, whose root is the shop's folder."""
    with shop(folder) as desk:
        told = desk.shell.environ(
            RUNTHROUGH_ACTOR="owner", RUNTHROUGH_HOST="here", **(environ or {})
        )
        lay(desk.shell.database)
        with wire(
            "http", cwd=str(desk.folder), environ=told, confined_to=(str(desk.folder),)
        ) as application:
            tokens = {
                actor: application.tokens.create(
                    actor, role, sessions=None, expires_in_s=3600, created_by="owner"
                )[0]
                for actor, role in ROLES.items()
            }
            with TestClient(create_app(application, options)) as client:
                yield Counter(desk, application, client, tokens)
