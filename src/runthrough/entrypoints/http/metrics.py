"""How the service fares, in numbers that a monitoring system collects.

No label takes a value that a visitor chooses, so that their number stays bounded.
"""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from runthrough.entrypoints.http.service import service_of
from runthrough.entrypoints.http.visitor import Viewer

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is asked for when the numbers are collected."""

    position: int
    streams: int
    runs: int
    verified_to: int
    chain_ok: bool


class Metrics:
    """The numbers of one service process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "runthrough_requests",
            "Requests answered, by route template.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._durations = Histogram(
            "runthrough_request_duration_seconds",
            "Time until the whole answer was sent; event streams are left out.",
            ("method", "route"),
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._refusals = Counter(
            "runthrough_refusals",
            "Commands and questions refused, by the code of the error.",
            ("code",),
            registry=self._registry,
        )
        self._position = self._gauge("log_position", "Position of the log's last event.")
        self._streams = self._gauge("open_streams", "Event streams that are open.")
        self._runs = self._gauge("runs_on", "Runs that this process drives.")
        self._verified = self._gauge("verified_position", "The chain was found whole up to it.")
        self._chain_ok = self._gauge("chain_ok", "1 unless the chain of hashes is broken.")

    def count(self, method: str, route: str, status: int, *, taken_s: float | None) -> None:
        """Count an answered request; of a stream no duration is taken."""
        method = method if method in METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        if taken_s is not None:
            self._durations.labels(method, route).observe(taken_s)

    def count_refusal(self, code: str) -> None:
        """Count what was refused with one of our stable codes."""
        self._refusals.labels(code).inc()

    def text(self, now: Standing) -> bytes:
        """All numbers, as Prometheus reads them."""
        self._position.set(now.position)
        self._streams.set(now.streams)
        self._runs.set(now.runs)
        self._verified.set(now.verified_to)
        self._chain_ok.set(now.chain_ok)
        return generate_latest(self._registry)

    def _gauge(self, name: str, told: str) -> Gauge:
        return Gauge(f"runthrough_{name}", told, registry=self._registry)


@router.get("/metrics")
def read_metrics(request: Request, _visitor: Viewer) -> Response:
    """The numbers, for who has a token of any role."""
    service = service_of(request)
    application = service.application
    head = application.auditing.head()
    verified = service.watch.verified
    now = Standing(
        position=head.position if head else 0,
        streams=application.broadcast.listening,
        runs=len(application.background.driven()),
        verified_to=verified.position,
        chain_ok=verified.ok,
    )
    return Response(service.metrics.text(now), media_type=CONTENT_TYPE_PLAIN_0_0_4)
