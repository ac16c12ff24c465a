"""The service as an ASGI application."""

from functools import partial

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from runthrough import __version__
from runthrough.bootstrap import Application
from runthrough.entrypoints.http import health, metrics, problems, signing_in
from runthrough.entrypoints.http.api import API_ROUTES
from runthrough.entrypoints.http.api.document import DOCUMENT, Published, document
from runthrough.entrypoints.http.guards import guard
from runthrough.entrypoints.http.limits import Limits
from runthrough.entrypoints.http.one_time import OneTimeCode
from runthrough.entrypoints.http.options import ServiceOptions
from runthrough.entrypoints.http.pages import PAGE_ROUTES
from runthrough.entrypoints.http.pages.frame import on_http_error, templates
from runthrough.entrypoints.http.service import Service
from runthrough.entrypoints.http.watch import Watch
from runthrough.errors import RunthroughError


def create_app(application: Application, options: ServiceOptions) -> FastAPI:
    """The service over a wired application, which is closed by whoever wired it."""
    app = FastAPI(
        title="runthrough",
        version=__version__,
        summary="Rehearse a pipeline of scripts before it ships.",
        openapi_url=None,  # it would be written anew for each request
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        exception_handlers={
            RunthroughError: problems.on_refusal,
            problems.AccessError: problems.on_denial,
            RequestValidationError: problems.on_invalid,
            HTTPException: on_http_error,
        },
    )
    app.state.service = made_service(application, options)
    for router in API_ROUTES:
        app.include_router(router, prefix="/api/v1")
    for router in PAGE_ROUTES:
        app.include_router(router, include_in_schema=False)
    for router in (signing_in.router, health.router, metrics.router):
        app.include_router(router)
    app.openapi = partial(document, app)  # type: ignore[method-assign]
    app.add_route(DOCUMENT, Published(app).read, include_in_schema=False)
    templates()
    guard(app, app.state.service)
    return app


def made_service(application: Application, options: ServiceOptions) -> Service:
    """What all requests of one process share; nothing runs yet."""
    clock = application.caller.clock
    return Service(
        application,
        options,
        limits=Limits(clock),
        metrics=metrics.Metrics(),
        code=OneTimeCode(clock),
        watch=Watch(
            application.auditing, clock=clock, log=application.log, app_version=__version__
        ),
        probe=health.Probe(lambda: health.database_wrong(application)),
    )
