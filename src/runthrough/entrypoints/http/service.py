"""One service process: what all its requests share."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from fastapi import Request

from runthrough.bootstrap import Application
from runthrough.entrypoints.http.gathered import Gathered
from runthrough.entrypoints.http.options import ServiceOptions
from runthrough.entrypoints.http.stream import Streams

if TYPE_CHECKING:
    from runthrough.entrypoints.http.health import Probe
    from runthrough.entrypoints.http.limits import Limits
    from runthrough.entrypoints.http.metrics import Metrics
    from runthrough.entrypoints.http.one_time import OneTimeCode
    from runthrough.entrypoints.http.watch import Watch


@dataclass(slots=True)
class Service:
    """The wired application, and what this process decided."""

    application: Application
    options: ServiceOptions
    limits: "Limits"
    metrics: "Metrics"
    code: "OneTimeCode"
    """The one that `serve` prints, where it prints one."""
    watch: "Watch"
    probe: "Probe"
    """Asks the database whether it answers."""
    stopping: bool = field(default=False)
    """Whether no further request is taken."""
    streams: Streams = field(default_factory=Streams)
    """Who follows the log through this process."""
    gathered: Gathered = field(default_factory=Gathered)


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    return cast("Service", request.app.state.service)
