"""Whether the process lives, and whether it can be sent visitors."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from runthrough.bootstrap import Application, current_schema
from runthrough.entrypoints.http.service import Service, service_of
from runthrough.errors import StoreError

ANSWERS_WITHIN_S = 2.0
"""A database that takes longer keeps every visitor waiting."""

router = APIRouter(include_in_schema=False)


class Probe:
    """Asks a question that may hang, for a bounded time; one that hangs is not asked again.

    It has a thread of its own, and who waits for it waits in the loop, so that a process whose
    threads are all at work still answers.
    """

    def __init__(self, ask: Callable[[], str | None]) -> None:
        """`ask` gives what is wrong, `None` where nothing is."""
        self._ask = ask
        self._answer: Future[str | None] | None = None

    async def wrong(self, within_s: float) -> str | None:
        """What is wrong, `None` where nothing is; no answer is wrong too."""
        answer = self._asked()
        waiting = asyncio.wrap_future(answer)
        await asyncio.wait({waiting}, timeout=within_s)
        waiting.cancel()  # only who waits gives up: the answer may still come
        return answer.result() if answer.done() else f"no answer within {within_s:g} s"

    def _asked(self) -> Future[str | None]:
        if self._answer is None or self._answer.done():
            self._answer = Future()
            self._answer.set_running_or_notify_cancel()
            threading.Thread(target=self._look, args=(self._answer,), daemon=True).start()
        return self._answer

    def _look(self, answer: Future[str | None]) -> None:
        try:
            found = self._ask()
        except StoreError as why:
            found = why.code
        except Exception as why:  # noqa: BLE001 - told as what it is
            found = type(why).__name__
        answer.set_result(found)


def database_wrong(application: Application) -> str | None:
    """What is wrong with the database: it has another schema, or no log.

    Raises:
        StoreError: It cannot be asked.
    """
    found, needed = current_schema(application.settings.database_url)
    if found != needed:
        return f"schema {found or 'none'}, {needed} is needed"
    return None if application.auditing.head() else "the log has no end"


@router.get("/healthz")
async def read_health() -> dict[str, str]:
    """The process lives and answers."""
    return {"status": "alive"}


@router.get("/readyz")
async def read_readiness(request: Request) -> JSONResponse:
    """Whether visitors would be served; else what stands in the way, with 503."""
    service = service_of(request)
    checks = {
        "database": await service.probe.wrong(ANSWERS_WITHIN_S) or "ok",
        "events": _events_wrong(service) or "ok",
        "log": "unreadable" if service.application.broadcast.unreadable else "ok",
        "chain": "ok" if service.watch.verified.ok else "broken",
    }
    ready = checks["database"] == checks["events"] == "ok"
    return JSONResponse(
        {"status": "ready" if ready else "not ready", "checks": checks},
        HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE,
    )


def _events_wrong(service: Service) -> str | None:
    return None if service.application.broadcast.lives else "nobody follows the log"
