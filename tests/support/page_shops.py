"""A folder of pipelines with a service over it, for windows to look at."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.desk import SHOP, Desk, shop
from tests.support.held import HELD
from tests.support.pipelines import MAKE, TAKE
from tests.support.served import Served, served

from runthrough.application.session import Session
from runthrough.bootstrap import load_pipeline

ROLES = {"vera": "viewer", "tim": "tester", "tess": "tester", "ada": "admin"}
"""Who has a token of which role."""
WEEK = """\
name: week
scripts: [scripts]
nodes:
  clean: {environ_vars: {CURRENCY: EUR}}
  total: {}
  report: {}
  make: {}
  take: {}
edges:
  - [clean, total]
  - [total, report]
  - [make, take]
"""
"""`clean` needs its orders, `report` its `top`, and what `take` reads is proposed."""
REPORT = '''
"""Name the best customers."""
import json
import sys
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    totals = json.loads(Path(input_paths["totals"]).read_text())
    print("customers:", len(totals))
    if int(job_args.top) < 1:
        print("nobody would be named", file=sys.stderr)
        raise ValueError("top must be at least 1")
    best = sorted(totals, key=totals.get, reverse=True)[: int(job_args.top)]
    Path(output_paths["report"]).write_text("\\n".join(best))
'''
"""It fails with `top` 0, and says why."""


@dataclass
class PageShop:
    """A desk, the service over it, and who may come in."""

    desk: Desk
    tokens: dict[str, str]
    served: Served | None = None
    port: int = 0
    starts: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        """Where the service is, also while it is stopped."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, *words: str) -> Served:
        """Start the service; after the first time where it was."""
        self.served = self.starts.enter_context(
            served(self.desk.shell, "--port", str(self.port), *words)
        )
        self.port = self.served.place[1]
        return self.served

    def stop(self, number: int) -> None:
        """Send the service a signal that ends it, and wait until it has ended."""
        self.served.signed(number)
        self.served.ended()

    def begin(self, name: str, pipeline: str = SHOP, **scripts: str) -> Session:
        """Begin a session on a pipeline of its own, as the one who has the desk."""
        for stem, source in scripts.items():
            self.desk.script(stem, source)
        file = self.desk.shell.file(f"{name}.yaml", pipeline)
        return self.desk.application().sessions.start(load_pipeline(file), name=name)

    def enter(self, name: str, actor: str = "bob") -> Session:
        """Another person at a session, from Python."""
        return self.desk.enter(actor, name=name)


@contextmanager
def page_shop(folder: Path | Desk, *words: str) -> Iterator[PageShop]:
    """A desk, or the shop in a folder, with its service and a token for each of us."""
    with folder if isinstance(folder, Desk) else shop(folder) as desk, ExitStack() as starts:
        tokens = desk.application("owner").tokens
        made = {
            actor: tokens.create(actor, role, sessions=None, expires_in_s=3600, created_by="owner")
            for actor, role in ROLES.items()
        }
        found = PageShop(desk, {actor: text for actor, (text, _) in made.items()}, starts=starts)
        found.start(*words)
        yield found


def week(folder: Path) -> Desk:
    """A pipeline with two questions, a proposal, a script that waits and one that fails."""
    desk = shop(folder)
    desk.shell.file("pipeline.yaml", WEEK)
    sources = {"clean": HELD, "report": REPORT, "make": MAKE, "take": TAKE}
    for name, source in sources.items():
        desk.script(name, source)
    return desk
