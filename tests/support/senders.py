"""People who send requests to the interface for programs, about one session."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support.desk import NAME
from tests.support.scripts import until
from tests.support.service import Counter, service


@dataclass(frozen=True)
class Sender:
    """One of those who have a token, at the shop's session."""

    counter: Counter
    actor: str
    session: str = NAME

    def send(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        match: str | None = None,
        **how: Any,
    ) -> Any:
        """Send a request about the session, or about what lies below it; its answer."""
        headers = self.counter.as_(self.actor) | how.pop("headers", {})
        if key is not None:
            headers["Idempotency-Key"] = key
        if match is not None:
            headers["If-Match"] = match
        url = f"/api/v1/sessions/{quote(self.session)}/{path}".rstrip("/")
        return self.counter.client.request(method, url, headers=headers, **how)

    def get(self, path: str, **how: Any) -> Any:
        """Ask for something."""
        return self.send("GET", path, **how)

    def configure(self, node: str, **how: Any) -> Any:
        """Answer what a node needs, merged over what is there."""
        return self.send("PATCH", f"nodes/{node}/configuration", **how)

    def run(self, *, key: str | None = None, **wanted: Any) -> str:
        """Begin a run, and wait until it is over; its id."""
        begun = self.send("POST", "runs", key=key, json=wanted)
        assert begun.status_code == 202, begun.text
        return self.over(begun.json()["run"])

    def over(self, run: str) -> str:
        """Wait until a run is over."""
        until(lambda: self.get(f"runs/{run}").json()["status"] != "running", "the run is over")
        return run

    @property
    def version(self) -> int:
        """The session's version, as the log has it."""
        return max(row.version for row in self.counter.application.sessions.entries())


@contextmanager
def senders(folder: Path, **how: Any) -> Iterator[tuple[Sender, Sender, Sender]]:
    """A viewer, a tester and an admin before a service with the shop's session."""
    with service(folder, **how) as counter:
        counter.begin()
        yield tuple(Sender(counter, actor) for actor in ("vera", "tim", "ada"))


def told(answer: Any, status: int = 200) -> Any:
    """What an answer holds, which must be of that status."""
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(answer: Any, status: int, code: str) -> Any:
    """The problem document of an answer."""
    problem = told(answer, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["code"]) == (status, code), problem
    return problem
