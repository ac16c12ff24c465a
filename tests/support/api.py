"""Requests to the interface for programs, and answers held to the reference."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from httpx2 import Response
from tests.support.http_page import HttpPage
from tests.support.service import Counter

from runthrough.core.values.tokens import Role

PREFIX = "/api/v1"
SESSIONS = f"{PREFIX}/sessions"


@cache
def page() -> HttpPage:
    """The reference, read once."""
    return HttpPage()


@dataclass(frozen=True)
class Asker:
    """Somebody with a token at the counter."""

    counter: Counter
    actor: str = "tim"

    def ask(self, method: str, path: str, told: str = "", **more: Any) -> Any:
        """What is answered, which must be what the reference tells, where that is named."""
        answer = self.send(method, path, **more)
        assert answer.status_code < 300, answer.text
        value = answer.json()
        if told:
            assert page().misfit(value, page().answers.get(told, told), path) is None
        return value

    def get(self, path: str, told: str = "", **more: Any) -> Any:
        """What is there."""
        return self.ask("GET", path, told, **more)

    def post(self, path: str, told: str = "", **more: Any) -> Any:
        """What was done."""
        return self.ask("POST", path, told, **more)

    def send(self, method: str, path: str, **more: Any) -> Response:
        """The whole answer; `headers` are sent beside the token."""
        headers = {**self.counter.as_(self.actor), **more.pop("headers", {})}
        return self.counter.client.request(method, f"{PREFIX}{path}", headers=headers, **more)

    def refused(self, method: str, path: str, **more: Any) -> tuple[int, str]:
        """The status and the code of a problem."""
        answer = self.send(method, path, **more)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["detail"]
        return answer.status_code, problem["code"]


def token_for(counter: Counter, actor: str, role: Role, *names: str) -> None:
    """Give somebody a token for some sessions only."""
    sessions = [counter.application.sessions.found(name).session_id for name in names]
    counter.tokens[actor], _ = counter.application.tokens.create(
        actor, role, sessions=sessions, expires_in_s=3600, created_by="owner"
    )
